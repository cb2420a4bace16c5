#include <thane/log.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thane/check.hpp>
#include <thane/internal/log_for.hpp>
#include <thane/log_options.hpp>

#include "emergency.hpp"
#include "outbox.hpp"
#include "record.hpp"
#include "request_scope.hpp"
#include "sink.hpp"

namespace thane::log {

namespace internal {

std::atomic<Level> threshold{Level::info};

namespace {

constexpr const char* journal_socket = "/run/systemd/journal/socket";

std::unique_ptr<Sink> make_stderr_sink(int fd, const std::shared_ptr<SharedTurn>& turn) {
  if (is_journal_stream(std::getenv("JOURNAL_STREAM"), fd)) {
    if (auto journal = make_journal_sink(journal_socket)) {
      return journal;
    }
  }
  return make_stream_sink(fd, turn);
}

// The log of the process. There is one as there is one stderr: it cannot be passed to all who log.
// Never destroyed, so that destructors of static objects may still log.
class Logger {
 public:
  Logger()
      : turn_(std::make_shared<SharedTurn>()),
        outbox_(make_stderr_sink(STDERR_FILENO, turn_),
                [this](std::size_t count) { return report(count); }, {}),
        pid_(::getpid()) {
    tell_emergency(outbox_.emergency_fd());
  }

  void write(Level level, std::string_view message) {
    const std::lock_guard lock{mutex_};
    send(record_of(level, message));
  }

  void write_for(const ProcessContext& context, pid_t pid, Level level, std::string_view message) {
    const std::lock_guard lock{mutex_};
    send({.level = level,
          .pid = pid,
          .service = context.service,
          .worker = context.worker,
          .generation = context.generation,
          .message = message});
  }

  void set_context(ProcessContext context) {
    const std::lock_guard lock{mutex_};
    context_ = std::move(context);
    pid_ = ::getpid();
    tell_emergency(outbox_.emergency_fd());
  }

  void set_format(Format format) {
    const std::lock_guard lock{mutex_};
    format_ = format;
    tell_emergency(outbox_.emergency_fd());
  }

  void to_file(const std::string& path) {
    const std::lock_guard lock{mutex_};
    replace_sink(make_file_sink(directory_ / path, turn_));
    path_ = path;
  }

  void keep_directory() {
    const std::lock_guard lock{mutex_};
    directory_ = std::filesystem::current_path();
  }

  void to_stderr() {
    const std::lock_guard lock{mutex_};
    replace_sink(make_stderr_sink(stderr_fd(), turn_));
    path_.clear();
  }

  void keep_stderr() {
    const std::lock_guard lock{mutex_};
    UniqueFd kept{check(::fcntl(stderr_fd(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "fcntl")};
    if (path_.empty()) {
      replace_sink(make_stderr_sink(kept.get(), turn_));
    }
    stderr_ = std::move(kept);
  }

  [[nodiscard]] std::string path() {
    const std::lock_guard lock{mutex_};
    return path_;
  }

  void flush() {
    const std::lock_guard lock{mutex_};
    outbox_.flush();
  }

  // Around fork(): the lock must be free in the child, whatever the other threads were doing.
  void before_fork() { mutex_.lock(); }
  void after_fork_in_parent() { mutex_.unlock(); }
  void after_fork_in_child() {
    pid_ = ::getpid();
    outbox_.forget();
    mutex_.unlock();
  }

 private:
  static constexpr std::size_t keep_capacity = std::size_t{64} * 1024;

  void replace_sink(std::unique_ptr<Sink> sink) {
    tell_emergency(sink->emergency_fd());  // First: the old one is closed then.
    outbox_.replace(std::move(sink));
  }

  void tell_emergency(int fd) const noexcept {
    EmergencyTarget target{
        .fd = fd, .format = format_, .worker = context_.worker, .generation = context_.generation};
    target.set_service(context_.service);
    set_emergency_target(target);
  }

  [[nodiscard]] Record record_of(Level level, std::string_view message) const {
    return {.level = level,
            .pid = pid_,
            .service = context_.service,
            .worker = context_.worker,
            .generation = context_.generation,
            .fiber = current_fiber_id(),
            .request_id = current_request_id(),
            .message = message};
  }

  void append_line(Buffer& out, Record record) const {
    ::clock_gettime(CLOCK_REALTIME, &record.time);
    if (outbox_.is_journal()) {
      append_journal(out, record);
    } else if (format_ == Format::json) {
      append_json(out, record);
    } else {
      append_text(out, record);
    }
  }

  void send(const Record& record) {
    line_.clear();
    append_line(line_, record);
    outbox_.send({line_.data(), line_.size()});
    if (line_.capacity() > keep_capacity) {
      line_ = Buffer{};
    }
  }

  [[nodiscard]] int stderr_fd() const { return stderr_ ? stderr_.get() : STDERR_FILENO; }

  [[nodiscard]] std::string report(std::size_t count) const {
    Buffer line;
    const std::string message = fmt::format("{} log lines dropped", count);
    append_line(line, record_of(Level::warning, message));
    return fmt::to_string(line);
  }

  std::mutex mutex_;
  std::shared_ptr<SharedTurn> turn_;
  UniqueFd stderr_;  // Where standard error led, if it leads elsewhere now.
  Outbox outbox_;
  ProcessContext context_;
  Format format_ = Format::text;
  std::string path_;                 // Empty: stderr.
  std::filesystem::path directory_;  // That of relative paths; empty: wherever the process is.
  pid_t pid_;
  Buffer line_;
};

Logger& logger() {
  static Logger& instance = []() -> Logger& {
    auto* made = new Logger;
    ::pthread_atfork([] { logger().before_fork(); }, [] { logger().after_fork_in_parent(); },
                     [] { logger().after_fork_in_child(); });
    return *made;
  }();
  return instance;
}

// Made before main(), for what keeps lines whole must be shared by all processes that will be.
[[maybe_unused]] const Logger& made_early = logger();

}  // namespace

void write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept {
  try {
    Buffer message;
    try {
      fmt::vformat_to(std::back_inserter(message), format, arguments);
    } catch (const std::exception& error) {
      message.clear();
      fmt::format_to(std::back_inserter(message), "cannot format \"{}\": {}",
                     std::string_view{format.data(), format.size()}, error.what());
    }
    logger().write(level, {message.data(), message.size()});
  } catch (...) {  // No memory. There is nobody left to tell.
  }
}

}  // namespace internal

using internal::logger;

void set_level(Level level) noexcept {
  internal::threshold.store(level, std::memory_order_relaxed);
}

Level level() noexcept {
  return internal::threshold.load(std::memory_order_relaxed);
}

void set_format(Format format) noexcept {
  logger().set_format(format);
}

void to_file(const std::string& path) {
  logger().to_file(path);
}

void keep_directory() {
  logger().keep_directory();
}

void to_stderr() {
  logger().to_stderr();
}

void set_process_context(ProcessContext context) {
  logger().set_context(std::move(context));
}

void reopen() noexcept {
  try {
    const std::string path = logger().path();
    if (path.empty()) {
      logger().to_stderr();
    } else {
      logger().to_file(path);
    }
  } catch (const std::exception& failure) {
    error("log file not reopened, the old one stays in use: {}", failure.what());
  }
}

void flush() noexcept {
  try {
    logger().flush();
  } catch (...) {  // No memory for the report of dropped lines: it comes later.
  }
}

}  // namespace thane::log

namespace thane::internal {

void log_for(const log::ProcessContext& context, pid_t pid, log::Level level,
             std::string_view message) noexcept {
  try {
    if (log::enabled(level)) {
      log::internal::logger().write_for(context, pid, level, message);
    }
  } catch (...) {  // No memory.
  }
}

void keep_log_on_this_stderr() {
  log::internal::logger().keep_stderr();
}

}  // namespace thane::internal
