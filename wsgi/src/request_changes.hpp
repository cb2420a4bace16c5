// What filters have changed of a request; most requests have none of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/wsgi/request.hpp>

#include "body_source.hpp"

namespace thane::wsgi {

namespace internal {

/// A body that octets can be put back into, that has a limit, and that can be read again.
class ChangedBody {
 public:
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  /// As Request::read_some().
  std::string_view read_some(BodySource& source);
  void put_back(std::string_view octets);
  void limit(std::uint64_t octets);

  /// Keeps what is read from now on, for rewind(), until it is more than `limit` octets. Each goes
  /// with a drop().
  void keep(std::size_t limit);
  /// Puts back what was read since the last keep() that has no drop() yet, and forgets limits that
  /// were set since. False: it was too much to be kept.
  bool rewind();
  void drop() { kept_.pop_back(); }

 private:
  struct Kept {
    std::size_t limit;
    std::uint64_t end;  // What end_ was.
    std::string octets = {};
    bool whole = true;
  };

  std::string unread_;
  std::string given_;         // What read_some() gave out of unread_.
  std::uint64_t octets_ = 0;  // Given out, and not put back.
  std::uint64_t end_ = no_limit;
  std::vector<Kept> kept_;
};

/// Lets several applications read one body, one after the other. Lives shorter than the request.
class BodyKeeper {
 public:
  BodyKeeper(Request& request, std::size_t limit);
  ~BodyKeeper();
  BodyKeeper(const BodyKeeper&) = delete;
  BodyKeeper& operator=(const BodyKeeper&) = delete;

  /// What was read since the constructor is to be read again; false if it was more than the limit.
  bool rewind();

 private:
  ChangedBody& body_;
};

}  // namespace internal

struct Request::Changes {
  std::deque<std::string> texts;  // What the views here, of path and of script name show, or did.
  std::optional<std::string_view> authority;
  std::optional<std::string_view> peer;
  std::optional<std::string_view> scheme;
  internal::ChangedBody body;

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  static Changes& of(std::unique_ptr<Changes>& changes) {
    if (!changes) changes = std::make_unique<Changes>();
    return *changes;
  }
};

}  // namespace thane::wsgi
