#include "sink.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>
#include <utility>

#include "without_sigpipe.hpp"

namespace thane::log::internal {

namespace {

using std::chrono::milliseconds;

// How long a process that is stopped in the middle of a write may hold up the others.
constexpr milliseconds turn_patience{20};

bool wait_writable(int fd, milliseconds patience) noexcept {
  pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
}

// A pipe, FIFO, socket or terminal.
class StreamSink final : public Sink {
 public:
  enum class Kind {
    non_blocking,  // An open file description of our own, in non-blocking mode.
    shared,        // One that others share, possibly blocking.
    socket,
  };

  StreamSink(int fd, UniqueFd own, Kind kind, const struct stat& status,
             std::shared_ptr<SharedTurn> turn)
      : fd_(fd),
        own_(std::move(own)),
        kind_(kind),
        stream_{.device = status.st_dev, .inode = status.st_ino},
        turn_(std::move(turn)) {}

  Put put(std::string_view line) noexcept override {
    return in_turn([&] {
      Put result = write_rest();
      if (result != Put::done) {
        return result;
      }
      if (line.size() > PIPE_BUF) {
        turn_->begin_long(stream_);
      }
      std::size_t written = 0;
      result = write_some(line, written);
      if (written > 0 && written < line.size()) {
        turn_->set_rest(stream_, line.substr(written));
        result = Put::done;  // In all but time.
      }
      turn_->end_long();
      return result;
    });
  }

  Put finish() noexcept override {
    return in_turn([&] { return write_rest(); });
  }

  bool wait(milliseconds patience) noexcept override { return wait_writable(fd_, patience); }
  [[nodiscard]] int emergency_fd() const noexcept override { return fd_; }
  [[nodiscard]] std::uint64_t progress() const noexcept override { return turn_->progress(); }

 private:
  template <class Action>
  Put in_turn(Action action) noexcept {
    if (!turn_->take(turn_missed_ ? milliseconds{0} : turn_patience)) {
      turn_missed_ = true;
      return Put::full;
    }
    turn_missed_ = false;
    WithoutSigpipe without_sigpipe;
    const Put result = action();
    if (result == Put::gone) {
      without_sigpipe.raised();
    }
    turn_->give_back();
    return result;
  }

  Put write_rest() noexcept {
    const auto rest = turn_->rest(stream_);
    if (rest.empty()) {
      return Put::done;
    }
    std::size_t written = 0;
    const Put result = write_some(rest, written);
    turn_->skip_rest(result == Put::gone ? rest.size() : written);
    return result;
  }

  // Writes until all is written or the stream takes no more.
  Put write_some(std::string_view text, std::size_t& written) noexcept {
    while (written < text.size()) {
      const ssize_t count = write_once(text.substr(written));
      if (count >= 0) {
        written += static_cast<std::size_t>(count);
        turn_->count_progress();
      } else if (errno == EAGAIN) {
        return Put::full;
      } else if (errno != EINTR) {
        return Put::gone;
      }
    }
    return Put::done;
  }

  ssize_t write_once(std::string_view text) noexcept {
    switch (kind_) {
      case Kind::socket:
        return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      case Kind::non_blocking:
        return ::write(fd_, text.data(), text.size());
      case Kind::shared:
        break;
    }
    // A pipe that polls writable has room for PIPE_BUF bytes, so this much does not block.
    if (!wait_writable(fd_, milliseconds{0})) {
      errno = EAGAIN;
      return -1;
    }
    return ::write(fd_, text.data(), text.size() < PIPE_BUF ? text.size() : PIPE_BUF);
  }

  int fd_;
  UniqueFd own_;
  Kind kind_;
  SharedTurn::Stream stream_;
  std::shared_ptr<SharedTurn> turn_;
  bool turn_missed_ = false;
};

// A regular file, or a device that never blocks. With O_APPEND the kernel keeps lines apart.
class FileSink final : public Sink {
 public:
  FileSink(int fd, UniqueFd own) : fd_(fd), own_(std::move(own)) {}

  Put put(std::string_view line) noexcept override {
    ssize_t count = 0;
    do {
      count = ::write(fd_, line.data(), line.size());
    } while (count < 0 && errno == EINTR);
    if (count == static_cast<ssize_t>(line.size())) {
      return Put::done;
    }
    if (count > 0) {  // The disk is full. The line is torn; do not let it take the next one along.
      static_cast<void>(!::write(fd_, "\n", 1));
    }
    return Put::gone;
  }

  bool wait(milliseconds) noexcept override { return false; }
  [[nodiscard]] int emergency_fd() const noexcept override { return fd_; }

 private:
  int fd_;
  UniqueFd own_;
};

class JournalSink final : public Sink {
 public:
  explicit JournalSink(UniqueFd socket) : socket_(std::move(socket)) {}

  Put put(std::string_view datagram) noexcept override {
    if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
      return Put::done;
    }
    return errno == EAGAIN || errno == ENOBUFS ? Put::full : Put::gone;
  }

  bool wait(milliseconds patience) noexcept override {
    return wait_writable(socket_.get(), patience);
  }
  [[nodiscard]] bool is_journal() const noexcept override { return true; }

 private:
  UniqueFd socket_;
};

}  // namespace

std::unique_ptr<Sink> make_stream_sink(int fd, std::shared_ptr<SharedTurn> turn) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || S_ISREG(status.st_mode)) {
    return std::make_unique<FileSink>(fd, UniqueFd{});
  }
  if (S_ISSOCK(status.st_mode)) {
    return std::make_unique<StreamSink>(fd, UniqueFd{}, StreamSink::Kind::socket, status,
                                        std::move(turn));
  }
  if (!S_ISFIFO(status.st_mode) && ::isatty(fd) == 0) {
    return std::make_unique<FileSink>(fd, UniqueFd{});
  }
  // O_NONBLOCK belongs to the open file description, which other processes share: open another.
  UniqueFd own{::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                      O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (!own) {  // No /proc, or the pipe belongs to another user.
    return std::make_unique<StreamSink>(fd, UniqueFd{}, StreamSink::Kind::shared, status,
                                        std::move(turn));
  }
  const int own_fd = own.get();
  return std::make_unique<StreamSink>(own_fd, std::move(own), StreamSink::Kind::non_blocking,
                                      status, std::move(turn));
}

std::unique_ptr<Sink> make_file_sink(const std::string& path, std::shared_ptr<SharedTurn> turn) {
  UniqueFd own{::open(path.c_str(),
                      O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0640)};
  struct stat status {};
  if (!own || ::fstat(own.get(), &status) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot open log file " + path);
  }
  const int fd = own.get();
  if (!S_ISFIFO(status.st_mode) && ::isatty(fd) == 0) {
    return std::make_unique<FileSink>(fd, std::move(own));
  }
  return std::make_unique<StreamSink>(fd, std::move(own), StreamSink::Kind::non_blocking, status,
                                      std::move(turn));
}

std::unique_ptr<Sink> make_journal_sink(const std::string& socket_path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) {
    return nullptr;
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return nullptr;
  }
  return std::make_unique<JournalSink>(std::move(socket));
}

bool is_journal_stream(const char* journal_stream, int fd) {
  struct stat status {};
  if (journal_stream == nullptr || ::fstat(fd, &status) != 0) {
    return false;
  }
  std::array<char, 48> actual{};
  *fmt::format_to_n(actual.data(), actual.size() - 1, "{}:{}", status.st_dev, status.st_ino).out =
      0;
  return std::string_view{journal_stream} == actual.data();
}

}  // namespace thane::log::internal
