#include "request_changes.hpp"

#include <algorithm>

#include <thane/wsgi/request_error.hpp>

namespace thane::wsgi::internal {

std::string_view ChangedBody::read_some(BodySource& source) {
  std::string_view piece;
  if (unread_.empty()) {
    piece = source.read_some();
  } else {
    given_ = std::exchange(unread_, {});
    piece = given_;
  }
  octets_ += piece.size();
  for (auto& kept : kept_) {
    kept.whole = kept.whole && piece.size() <= kept.limit - kept.octets.size();
    if (kept.whole) kept.octets.append(piece);
  }
  if (octets_ > end_) throw request_error{413, "the body is larger than this server takes"};
  return piece;
}

void ChangedBody::put_back(std::string_view octets) {
  unread_.insert(0, octets);
  octets_ -= std::min<std::uint64_t>(octets_, octets.size());
  for (auto& kept : kept_) {
    kept.octets.resize(kept.octets.size() - std::min(kept.octets.size(), octets.size()));
  }
}

void ChangedBody::limit(std::uint64_t octets) {
  end_ = std::min(end_, octets > no_limit - octets_ ? no_limit : octets_ + octets);
}

void ChangedBody::keep(std::size_t limit) {
  kept_.push_back({.limit = limit, .end = end_});
}

bool ChangedBody::rewind() {
  auto& last = kept_.back();
  if (!last.whole) return false;
  end_ = last.end;
  put_back(std::string{last.octets});
  return true;
}

BodyKeeper::BodyKeeper(Request& request, std::size_t limit)
    : body_(Request::Changes::of(request.changes_).body) {
  body_.keep(limit);
}

BodyKeeper::~BodyKeeper() {
  body_.drop();
}

bool BodyKeeper::rewind() {
  return body_.rewind();
}

}  // namespace thane::wsgi::internal
