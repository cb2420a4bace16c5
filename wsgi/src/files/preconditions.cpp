#include "preconditions.hpp"

#include <optional>

#include "../characters.hpp"
#include "../field_list.hpp"
#include "http_date.hpp"

namespace thane::wsgi::internal {

namespace {

constexpr std::string_view weak_mark = "W/";

bool is_weak(std::string_view etag) {
  return etag.starts_with(weak_mark);
}

std::string_view opaque(std::string_view etag) {
  return is_weak(etag) ? etag.substr(weak_mark.size()) : etag;
}

// The tag at the beginning of `text`; empty if there is none.
std::string_view leading_tag(std::string_view text) {
  const std::size_t begin = is_weak(text) ? weak_mark.size() : 0;
  if (text.size() <= begin || text[begin] != '"') return {};
  const std::size_t end = text.find('"', begin + 1);
  return end == text.npos ? std::string_view{} : text.substr(0, end + 1);
}

bool matches(const std::string& list, const Validators& now, Comparison how) {
  return trim(list) == "*" || any_tag_matches(list, now.etag, how);
}

std::optional<std::time_t> date_in(const Request& request, std::string_view lower_name,
                                   std::time_t time) {
  const auto field = only_field(request, lower_name);
  return field ? parse_http_date(*field, time) : std::nullopt;
}

}  // namespace

bool any_tag_matches(std::string_view list, std::string_view etag, Comparison how) {
  for (;;) {
    while (!list.empty() && (list.front() == ',' || list.front() == ' ' || list.front() == '\t')) {
      list.remove_prefix(1);
    }
    const std::string_view tag = leading_tag(list);
    if (tag.empty()) return false;
    const bool may = how == Comparison::weak || (!is_weak(tag) && !is_weak(etag));
    if (may && opaque(tag) == opaque(etag)) return true;
    list = trim(list.substr(tag.size()));
    if (!list.empty() && list.front() != ',') return false;
  }
}

Precondition evaluate_preconditions(const Request& request, const Validators& now,
                                    std::time_t time) {
  if (const auto tags = joined_fields(request, "if-match")) {
    if (!matches(*tags, now, Comparison::strong)) return Precondition::failed;
  } else if (const auto date = date_in(request, "if-unmodified-since", time)) {
    if (now.modified > *date) return Precondition::failed;
  }
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  if (const auto tags = joined_fields(request, "if-none-match")) {
    if (matches(*tags, now, Comparison::weak)) {
      return reads ? Precondition::not_modified : Precondition::failed;
    }
  } else if (const auto date = date_in(request, "if-modified-since", time); date && reads) {
    if (now.modified <= *date) return Precondition::not_modified;
  }
  return Precondition::holds;
}

bool range_is_current(const Request& request, const Validators& now, std::time_t time) {
  const auto field = joined_fields(request, "if-range");
  if (!field) return true;
  const std::string_view value = trim(*field);
  if (leading_tag(value) == value && !value.empty()) {
    return any_tag_matches(value, now.etag, Comparison::strong);
  }
  const auto date = parse_http_date(value, time);
  return date && *date == now.modified && now.modified_long_ago;
}

}  // namespace thane::wsgi::internal
