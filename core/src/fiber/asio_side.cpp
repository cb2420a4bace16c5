#include "asio_side.hpp"

#include <utility>

namespace thane::internal {

AsioSide::AsioSide(int sockets, std::function<void()> look, std::function<void()> on_deadline)
    : work_(boost::asio::make_work_guard(io_)),
      wake_up_(io_),
      sockets_(io_, sockets),
      look_(std::move(look)),
      on_deadline_(std::move(on_deadline)) {}

AsioSide::~AsioSide() {
  static_cast<void>(sockets_.release());  // It is the loop's.
}

// Asio asks the kernel anew with each wait, so what look() has left is found again.
void AsioSide::watch_sockets() {
  if (std::exchange(watching_, true)) {
    return;
  }
  sockets_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [this](const boost::system::error_code& error) {
                        watching_ = false;
                        if (!error) {
                          look_();
                        }
                      });
}

void AsioSide::run() {
  io_.run();
  io_.restart();
}

void AsioSide::poll() {
  io_.poll();
  io_.restart();
}

bool AsioSide::run_one_if_any() {
  work_.reset();  // Else it would wait for ever.
  const std::size_t handled = io_.run_one();
  io_.restart();
  work_.emplace(boost::asio::make_work_guard(io_));
  return handled != 0;
}

// The timer is moved only when an earlier deadline than its own comes up. When its deadline was
// removed meanwhile it fires once for nothing, which is cheaper than to move it at each removal.
void AsioSide::wake_at(TimePoint when) {
  if (when >= wake_up_at_) {
    return;
  }
  wake_up_at_ = when;
  wake_up_.expires_at(when);
  wake_up_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {  // Else it was moved.
      wake_up_at_ = never;
      on_deadline_();
    }
  });
}

}  // namespace thane::internal
