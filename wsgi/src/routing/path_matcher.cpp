#include "routing/path_matcher.hpp"

#include <algorithm>
#include <utility>

#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/request.hpp>

namespace thane::wsgi::internal {

namespace {

// To look at so many octets counts as much as an attempt.
constexpr std::size_t octets_a_step = 4;

// A character is not cut in two.
bool is_inside_character(std::string_view path, std::size_t at) {
  return at < path.size() && (static_cast<unsigned char>(path[at]) & 0xC0) == 0x80;
}

}  // namespace

void PathMatcher::add_text(std::string_view text) {
  if (!pieces_.empty()) {
    if (auto* last = std::get_if<std::string>(&pieces_.back().what)) {
      last->append(text);
      return;
    }
  }
  pieces_.push_back({std::string{text}});
}

void PathMatcher::add_run(Run run, Presence presence) {
  pieces_.push_back({std::move(run), presence, variables_++});
}

void PathMatcher::add_words(std::vector<std::string> words, Presence presence) {
  pieces_.push_back({std::move(words), presence, variables_++});
}

bool PathMatcher::match(std::string_view path, std::vector<Capture>& captures) const {
  captures.assign(variables_, Capture{});
  Attempt attempt{path, captures};
  return try_piece(attempt, 0, 0);
}

bool PathMatcher::try_piece(Attempt& attempt, std::size_t piece, std::size_t at) const {
  if (++attempt.steps > Mapper::max_match_steps) {
    throw request_error{400, "the path fits a route's pattern in too many ways"};
  }
  if (piece == pieces_.size()) return at == attempt.path.size();
  const auto& here = pieces_[piece];
  if (const auto* text = std::get_if<std::string>(&here.what)) {
    return attempt.path.substr(at).starts_with(*text) &&
           try_piece(attempt, piece + 1, at + text->size());
  }
  if (here.presence == Presence::required) return try_variable(attempt, piece, at);
  attempt.captures[here.variable] = {};
  if (try_piece(attempt, piece + 1, at)) return true;
  return attempt.path.substr(at).starts_with('.') && try_variable(attempt, piece, at + 1);
}

bool PathMatcher::try_variable(Attempt& attempt, std::size_t piece, std::size_t at) const {
  const auto* words = std::get_if<Words>(&pieces_[piece].what);
  if (words == nullptr) return try_run(attempt, piece, at);
  return std::ranges::any_of(*words, [&](const std::string& word) {
    return attempt.path.substr(at).starts_with(word) && try_take(attempt, piece, at, word.size());
  });
}

bool PathMatcher::try_run(Attempt& attempt, std::size_t piece, std::size_t at) const {
  const auto& run = std::get<Run>(pieces_[piece].what);
  const auto path = attempt.path;
  const auto fits = [&](std::size_t i) {
    return run.octets.test(static_cast<unsigned char>(path[i]));
  };
  // Spares most of the attempts that the next octet says would fail.
  const auto* next =
      piece + 1 < pieces_.size() ? std::get_if<std::string>(&pieces_[piece + 1].what) : nullptr;
  const auto can_end = [&](std::size_t i) {
    return next == nullptr || (i < path.size() && path[i] == next->front());
  };
  std::size_t size = 0;
  if (run.appetite == Appetite::lazy && piece + 1 < pieces_.size()) {
    while (size < run.least && at + size < path.size() && fits(at + size)) ++size;
    if (size < run.least) return false;
    for (;; ++size) {
      attempt.steps += size % octets_a_step == 0 ? 1 : 0;
      if (can_end(at + size) && try_take(attempt, piece, at, size)) return true;
      if (size == run.most || at + size == path.size() || !fits(at + size)) return false;
    }
  }
  const auto longest = std::min(run.most, path.size() - at);
  while (size < longest && fits(at + size)) ++size;
  attempt.steps += size / octets_a_step;
  if (piece + 1 == pieces_.size()) {  // Nothing else can end the path.
    return size >= run.least && at + size == path.size() && try_take(attempt, piece, at, size);
  }
  for (; size >= run.least; --size) {
    attempt.steps += size % octets_a_step == 0 ? 1 : 0;
    if (can_end(at + size) && try_take(attempt, piece, at, size)) return true;
    if (size == 0) break;
  }
  return false;
}

// The variable of a piece is what stands there in `size` octets, if the rest fits then.
bool PathMatcher::try_take(Attempt& attempt, std::size_t piece, std::size_t at,
                           std::size_t size) const {
  const auto taken = attempt.path.substr(at, size);
  const auto* run = std::get_if<Run>(&pieces_[piece].what);
  if (is_inside_character(attempt.path, at + size)) return false;
  if (run != nullptr && run->no_backslash_last && taken.ends_with('\\')) return false;
  attempt.captures[pieces_[piece].variable] = taken;
  return try_piece(attempt, piece + 1, at + size);
}

}  // namespace thane::wsgi::internal
