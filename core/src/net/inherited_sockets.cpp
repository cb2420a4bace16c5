#include <thane/internal/inherited_sockets.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <thane/log.hpp>
#include <utility>

namespace thane::internal {

namespace {

constexpr int first_fd = 3;
constexpr int most_fds = 65536;

int number_in(const char* variable, const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) {
    throw std::runtime_error(fmt::format("{}={} is no number", variable, text));
  }
  return number;
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

struct Socket {
  std::string name;
  UniqueFd fd;
};

std::vector<Socket> find_sockets() {
  std::vector<Socket> sockets;
  try {
    const auto names = names_of_inherited({.pid = variable("LISTEN_PID"),
                                           .fds = variable("LISTEN_FDS"),
                                           .names = variable("LISTEN_FDNAMES")},
                                          ::getpid());
    for (int fd = first_fd; const std::string& name : names) {
      if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        throw std::runtime_error(fmt::format("descriptor {} ({}) is not open", fd, name));
      }
      sockets.push_back({name, UniqueFd{fd++}});
    }
  } catch (const std::runtime_error& error) {
    log::warning("sockets of the service manager are not taken over: {}", error.what());
  }
  return sockets;
}

// Those that nobody has taken. Of the process, as its environment is.
std::vector<Socket>& sockets() {
  static auto& all = *new std::vector<Socket>{find_sockets()};
  return all;
}

std::string names_of(const std::vector<Socket>& all) {
  std::vector<std::string_view> names;
  for (const Socket& socket : all) names.emplace_back(socket.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::vector<std::string> names_of_inherited(const ListenVariables& variables, pid_t self) {
  if (!variables.pid || !variables.fds || number_in("LISTEN_PID", *variables.pid) != self) {
    return {};
  }
  const int count = number_in("LISTEN_FDS", *variables.fds);
  if (count > most_fds) {
    throw std::runtime_error(fmt::format("LISTEN_FDS={} are too many", count));
  }
  std::string_view rest = variables.names ? std::string_view{*variables.names} : std::string_view{};
  std::vector<std::string> names;
  while (static_cast<int>(names.size()) < count) {
    const std::string_view name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    names.emplace_back(name.empty() ? "unknown" : name);
  }
  return names;
}

void note_inherited_sockets() {
  (void)sockets();
}

UniqueFd take_inherited_socket(std::string_view name) {
  auto& all = sockets();
  const auto found = std::ranges::find(all, name, &Socket::name);
  if (found == all.end()) {
    throw std::runtime_error(
        fmt::format("no socket \"{}\" was inherited; {}", name,
                    all.empty() ? "LISTEN_FDS names none for this process, or none that is left"
                                : "there are: " + names_of(all)));
  }
  UniqueFd fd = std::move(found->fd);
  all.erase(found);
  return fd;
}

void close_unused_inherited_sockets() {
  for (const Socket& socket : std::exchange(sockets(), {})) {
    log::warning("inherited socket \"{}\" (descriptor {}) is used by no service: closed",
                 socket.name, socket.fd.get());
  }
}

}  // namespace thane::internal
