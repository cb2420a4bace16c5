// What a loop has of Asio, once somebody has asked for it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>

#include <thane/clock.hpp>

namespace thane::internal {

/// An io_context in which the loop sleeps from then on: it wakes for what comes to Asio, for a
/// deadline, and for the loop's own sockets, whose epoll set is a descriptor among others here.
class AsioSide {
 public:
  /// `look` is called, once for each watch_sockets(), when `sockets`, an epoll set, has events.
  /// `on_deadline`: the time given to wake_at() has come.
  AsioSide(int sockets, std::function<void()> look, std::function<void()> on_deadline);
  ~AsioSide();
  AsioSide(const AsioSide&) = delete;
  AsioSide& operator=(const AsioSide&) = delete;

  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  /// Also of events that are there already.
  void watch_sockets();
  /// Until stop().
  void run();
  void poll();
  /// Blocks for one handler. False: there is nothing, of Asio or of the sockets, to wait for.
  bool run_one_if_any();
  /// From inside a handler: a flag, no system call.
  void stop() noexcept { io_.stop(); }

  /// Does nothing if it was told of an earlier time, which has not come yet.
  void wake_at(TimePoint when);

 private:
  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  boost::asio::steady_timer wake_up_;
  TimePoint wake_up_at_ = never;
  boost::asio::posix::stream_descriptor sockets_;
  bool watching_ = false;
  std::function<void()> look_;
  std::function<void()> on_deadline_;
};

}  // namespace thane::internal
