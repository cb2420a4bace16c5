// A non-blocking descriptor that fibers can wait for.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thane/asio.hpp>
#include <thane/fiber.hpp>
#include <thane/internal/wait_list.hpp>
#include <thane/unique_fd.hpp>
#include <utility>

namespace thane::internal {

/// Tries first, and waits only if it must: most reads and writes find the socket ready, and pay for
/// one system call. The loop learns of the descriptor at the first wait.
class Waiter {
 public:
  using Direction = boost::asio::posix::descriptor_base::wait_type;

  explicit Waiter(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  ~Waiter() { close(); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Blocks the calling fiber until the descriptor may be ready. Throws ECANCELED if it was closed.
  void wait(Direction direction) {
    tries_ = 0;
    require_open();
    if (!descriptor_) {
      descriptor_ = std::make_unique<Descriptor>(io_context(), fd_.get());
    }
    boost::system::error_code error;
    descriptor_->async_wait(direction, await[error]);
    if (error) {
      throw std::system_error(error.value(), std::generic_category(), "wait for a socket");
    }
  }

  /// Repeats `call` until it returns something else than -1 with EAGAIN or EINTR. Throws what
  /// kill() and Timeout have in store before a call, never after one that did something.
  template <class Call>
  auto attempt(Direction direction, Call call) {
    give_way();
    for (;;) {
      require_open();
      const auto result = call(fd_.get());
      if (result != -1 || (errno != EAGAIN && errno != EINTR)) {
        return result;
      }
      if (errno == EAGAIN) {
        wait(direction);
      }
    }
  }

  void close() noexcept {
    forget();
    fd_.reset();
  }

  [[nodiscard]] UniqueFd release() noexcept {
    forget();
    return std::move(fd_);
  }

 protected:
  // Throws what kill() and Timeout have in store.
  void give_way() {
    check_interrupt();
    if (++tries_ >= tries_in_a_row) {
      tries_ = 0;
      this_fiber::yield();
    }
  }

  void require_open() const {
    if (!fd_) {
      throw std::system_error(ECANCELED, std::generic_category(), "the socket was closed");
    }
  }

  // The loop knows the descriptor no more, until the next wait.
  void forget() noexcept {
    if (descriptor_) {
      static_cast<void>(descriptor_->release());  // Ends the waits with an error.
      descriptor_.reset();
    }
  }

 private:
  // A fiber whose socket is always ready must not keep the others from running.
  static constexpr int tries_in_a_row = 32;

  // Named with its executor: any_io_executor would cost a virtual call at each wait.
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  UniqueFd fd_;
  std::unique_ptr<Descriptor> descriptor_;
  int tries_ = 0;
};

}  // namespace thane::internal
