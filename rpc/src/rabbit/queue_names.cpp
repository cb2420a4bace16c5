#include "queue_names.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

#include "message_fields.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (text.starts_with(':')) text.remove_prefix(1);
  return true;
}

// Field 22 of proc(5)'s stat. The second one is a name that may have spaces and brackets in it.
std::uint64_t start_of(pid_t process) {
  std::ifstream file{fmt::format("/proc/{}/stat", process)};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::string_view rest = text;
  rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 2));
  for (int field = 3; field < 22; ++field) {
    rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  }
  std::uint64_t ticks = 0;
  if (!take_number(rest, ticks)) {
    throw std::runtime_error(fmt::format("there is no start time in /proc/{}/stat", process));
  }
  return ticks;
}

NameCount this_service() {
  // A container's first process may have a group of another name space, which is 0 here.
  const pid_t group = ::getpgrp() != 0 ? ::getpgrp() : ::getpid();
  return {.group = group, .count = 0, .started = start_of(group)};
}

UniqueFd open_locked(const std::string& path) {
  // Anybody may write to the directory: a link there may lead anywhere.
  UniqueFd file{check(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
                      ("use_queue_manager: " + path).c_str())};
  struct stat status {};
  check(::fstat(file.get(), &status), "fstat");
  if (status.st_uid != ::geteuid() || !S_ISREG(status.st_mode)) {
    throw std::runtime_error("use_queue_manager: " + path + " belongs to somebody else");
  }
  check(::flock(file.get(), LOCK_EX), "flock");
  return file;
}

std::uint64_t next_number(const std::string& path) {
  const UniqueFd file = open_locked(path);
  std::array<char, 100> buffer{};
  const auto size = check(::pread(file.get(), buffer.data(), buffer.size(), 0), "pread");
  const std::string_view text{buffer.data(), static_cast<std::size_t>(size)};
  const NameCount next = NameCount::next(NameCount::parse(text), this_service());
  const std::string line = next.to_string();
  check(::ftruncate(file.get(), 0), "ftruncate");
  check(::pwrite(file.get(), line.data(), line.size(), 0), "pwrite");
  return next.count;
}

std::string host_name() {
  std::array<char, 256> name{};
  check(::gethostname(name.data(), name.size() - 1), "gethostname");
  return name.data();
}

}  // namespace

std::optional<NameCount> NameCount::parse(std::string_view text) {
  NameCount found;
  const bool whole = take_number(text, found.group) && take_number(text, found.count) &&
                     take_number(text, found.started);
  return whole ? std::optional{found} : std::nullopt;
}

std::string NameCount::to_string() const {
  return fmt::format("{}:{}:{}", group, count, started);
}

NameCount NameCount::next(const std::optional<NameCount>& last, const NameCount& mine) {
  const bool same = last && last->group == mine.group && last->started == mine.started;
  return {.group = mine.group, .count = (same ? last->count : 0) + 1, .started = mine.started};
}

std::string unique_part(const RabbitOptions& options, const std::string& directory) {
  if (!options.use_queue_manager) return new_id();
  const std::string host = options.hostname.empty() ? host_name() : options.hostname;
  const std::string process = options.processname.empty() ? program_name() : options.processname;
  const std::string path = fmt::format("{}/{}_{}_qmanager", directory, host, process);
  return fmt::format("{}:{}:{}", host, process, next_number(path));
}

std::string program_name() {
  return ::program_invocation_short_name;
}

}  // namespace thane::rpc::internal::rabbit
