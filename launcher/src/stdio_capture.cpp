#include "stdio_capture.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <thane/check.hpp>
#include <thane/internal/log_for.hpp>

#include "hygiene.hpp"

namespace thane::internal {

namespace {

constexpr std::size_t piece = std::size_t{64} * 1024;
constexpr int most_pieces_at_the_end = 16;  // A pipe holds no more, unless it is filled meanwhile.

}  // namespace

StdioPipes::StdioPipes() : out_(make_pipe()), err_(make_pipe()) {}

StdioPipes::Pipe StdioPipes::make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  Pipe pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  check(::fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK), "fcntl(F_SETFL)");
  return pipe;
}

void StdioPipes::become_stdio() {
  flush_stdio();
  keep_log_on_this_stderr();
  check(::dup2(out_.writer.get(), STDOUT_FILENO), "dup2");
  check(::dup2(err_.writer.get(), STDERR_FILENO), "dup2");
  out_.writer.reset();
  err_.writer.reset();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // What is in a buffer when it dies is lost.
}

// False at the end, and when there is nothing at the moment.
bool StdioCapture::Stream::read() {
  std::array<char, piece> bytes;
  const ssize_t size = ::read(reader.get(), bytes.data(), bytes.size());
  if (size > 0) {
    lines.add({bytes.data(), static_cast<std::size_t>(size)},
              [this](std::string_view line) { log(line); });
    return true;
  }
  if (size < 0 && errno == EINTR) {
    return true;
  }
  if (size == 0 || errno != EAGAIN) {
    finish();
    ended = true;
  }
  return false;
}

void StdioCapture::Stream::log(std::string_view line) const {
  if (source) {
    log_for(source->context, source->pid, level, line);
  } else {
    log::write(level, "{}", line);
  }
}

void StdioCapture::Stream::finish() {
  lines.finish([this](std::string_view line) { log(line); });
}

StdioCapture::StdioCapture() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

void StdioCapture::add(Key key, StdioPipes pipes, std::optional<Source> source) {
  watch(std::make_unique<Stream>(
      Stream{key, source, log::Level::info, std::move(pipes.out_.reader)}));
  watch(std::make_unique<Stream>(
      Stream{key, std::move(source), log::Level::warning, std::move(pipes.err_.reader)}));
}

void StdioCapture::watch(std::unique_ptr<Stream> stream) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = stream.get();
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stream->reader.get(), &event), "epoll_ctl");
  streams_.push_back(std::move(stream));
}

void StdioCapture::read_lines() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    (void)static_cast<Stream*>(events[static_cast<std::size_t>(i)].data.ptr)->read();
  }
  forget_ended();
}

void StdioCapture::finish(Key key) {
  for (const auto& stream : streams_) {
    if (stream->key != key) continue;
    for (int pieces = 0; pieces < most_pieces_at_the_end && stream->read(); ++pieces) {
    }
    stream->finish();
  }
  forget_ended();
}

void StdioCapture::forget_ended() {
  std::erase_if(streams_, [this](const auto& stream) {
    // A close would not do: a worker just forked may have a copy of the descriptor still.
    if (stream->ended) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stream->reader.get(), nullptr);
    return stream->ended;
  });
}

}  // namespace thane::internal
