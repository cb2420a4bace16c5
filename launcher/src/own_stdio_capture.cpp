#include "own_stdio_capture.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <utility>

#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

#include "hygiene.hpp"
#include "process_options.hpp"
#include "process_title.hpp"
#include "stdio_capture.hpp"

namespace thane::internal {

namespace {

// The one of this process; it has one set of standard streams.
OwnStdioCapture* current = nullptr;

UniqueFd copy_of(int fd) {
  return UniqueFd{check(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "fcntl")};
}

}  // namespace

struct OwnStdioCapture::Impl {
  UniqueFd out = copy_of(STDOUT_FILENO);
  UniqueFd err = copy_of(STDERR_FILENO);
  UniqueFd enough{check(::eventfd(0, EFD_CLOEXEC), "eventfd")};
  StdioCapture capture;
  std::thread thread;

  void begin() {
    StdioPipes pipes;
    pipes.become_stdio();
    capture.add(0, std::move(pipes), std::nullopt);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread = std::thread{[this] { run(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void run() {
    for (;;) {
      std::array<pollfd, 2> waiting{pollfd{capture.fd(), POLLIN, 0},
                                    pollfd{enough.get(), POLLIN, 0}};
      (void)::poll(waiting.data(), waiting.size(), -1);
      capture.read_lines();
      if (waiting[1].revents != 0) {
        capture.finish(0);
        return;
      }
    }
  }

  void end() {
    flush_stdio();
    ::dup2(out.get(), STDOUT_FILENO);
    ::dup2(err.get(), STDERR_FILENO);
    const std::uint64_t one = 1;
    (void)!::write(enough.get(), &one, sizeof one);
    thread.join();
  }
};

OwnStdioCapture::OwnStdioCapture() : impl_(std::make_unique<Impl>()) {
  impl_->begin();
  current = this;
}

OwnStdioCapture::~OwnStdioCapture() {
  finish_own_stdio_capture();
}

std::unique_ptr<OwnStdioCapture> capture_own_stdio(const Config& config) {
  if (!captures_stdio(*config.snapshot())) {
    return nullptr;
  }
  set_process_title("starting");  // Which takes memory while there is one thread.
  return std::make_unique<OwnStdioCapture>();
}

void finish_own_stdio_capture() noexcept {
  if (OwnStdioCapture* const one = std::exchange(current, nullptr)) {
    one->impl_->end();
  }
}

}  // namespace thane::internal
