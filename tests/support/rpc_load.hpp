// Fibers that call a server again and again, and what has become of the calls.
#pragma once

#include <exception>
#include <functional>
#include <set>
#include <string>
#include <thane/event.hpp>
#include <thane/thread_group.hpp>
#include <utility>

#include "eventually.hpp"

namespace thane::testing {

/// So many fibers that run `body`, until stop() or an exception of it, which ends that fiber.
///
///     Load load{64, [&] { client.call("echo", {{"arg", 1}}); }};
///     CHECK(load.reaches(1000));
///     load.stop();
///     CHECK(load.errors.empty());
class Load {
 public:
  Load(int fibers, std::function<void()> body) : body_(std::move(body)) {
    for (int i = 0; i < fibers; ++i) group_.spawn([this] { run(); });
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Waits until the body has been run so many times more than now. False if one has thrown, or
  /// after patience().
  [[nodiscard]] bool reaches(int more) {
    wanted_ = done + more;
    news_.clear();
    return news_.wait_for(patience()) && errors.empty();
  }
  /// Waits for what runs.
  void stop() {
    stopped_ = true;
    group_.wait();
  }

  int done = 0;
  std::multiset<std::string> errors;

 private:
  void run() {
    while (!stopped_) {
      try {
        body_();
      } catch (const std::exception& error) {
        errors.insert(error.what());
        news_.set();
        return;
      }
      if (++done >= wanted_) news_.set();
    }
  }

  std::function<void()> body_;
  int wanted_ = 0;
  bool stopped_ = false;
  Event news_;
  ThreadGroup group_;
};

}  // namespace thane::testing
