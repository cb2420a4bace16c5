// Objects that a factory makes without a section: egg: and call: references.
#pragma once

#include <string>
#include <utility>

#include "session.hpp"

namespace thane::wsgi::internal {

/// egg:DISTRIBUTION; a name is one of its entry points.
class EggSource final : public Source {
 public:
  EggSource(Session& session, std::string distribution)
      : Source(session), distribution_(std::move(distribution)) {}
  [[nodiscard]] Context::Pointer look_up(const Wanted& wanted) override;

 private:
  std::string distribution_;
};

/// call:MODULE:ATTRIBUTE; whatever the name, the one function.
class CallSource final : public Source {
 public:
  CallSource(Session& session, std::string function)
      : Source(session), function_(std::move(function)) {}
  [[nodiscard]] Context::Pointer look_up(const Wanted& wanted) override;

 private:
  std::string function_;
};

}  // namespace thane::wsgi::internal
