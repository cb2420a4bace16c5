#include "socket_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <thane/check.hpp>
#include <thane/internal/private_directory.hpp>

#include "../message_fields.hpp"

namespace thane::rpc::internal {

namespace {

constexpr std::size_t longest_part = 40;
constexpr int backlog = 1024;

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 17> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%016lx", value));
  return text.data();
}

// FNV-1a: the same in every process.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 14695981039346656037U;
  for (const char character : text) {
    value = (value ^ static_cast<unsigned char>(character)) * 1099511628211U;
  }
  return value;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

std::string file_part(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  std::string part;
  for (const char character : text) {
    const bool first_dot = part.empty() && character == '.';
    if (plain.find(character) != std::string_view::npos && !first_dot) {
      part += character;
    } else {
      part += '%' + hexadecimal(static_cast<unsigned char>(character)).substr(14);
    }
  }
  if (part.size() <= longest_part) return part;
  return part.substr(0, longest_part - 18) + "%%" + hexadecimal(hash(text));
}

std::string name_prefix(SocketRole role, std::string_view server) {
  std::string prefix{static_cast<char>(role), '@'};
  return server.empty() ? prefix : prefix + file_part(server) + "@";
}

std::string_view owner_part(std::string_view name) {
  const auto begin = std::min(name.find('@'), name.size() - 1) + 1;
  return name.substr(begin, name.rfind('@') - begin);
}

SocketDirectory::SocketDirectory(const std::string& root, std::string_view exchange,
                                 std::string_view topic)
    : root_(root),
      path_(root + "/" + file_part(exchange) + "/" + file_part(topic)),
      owner_(::geteuid()) {}

void SocketDirectory::create() {
  using thane::internal::make_private_directory;
  const uid_t root_owner = make_private_directory(root_);
  make_private_directory(path_.substr(0, path_.rfind('/')), root_owner);
  make_private_directory(path_, root_owner);
  if (!open()) throw std::system_error(errno, std::generic_category(), "cannot open " + path_);
}

// Paths of sockets may have 107 octets: they are named by way of a descriptor.
bool SocketDirectory::open() noexcept {
  struct stat status {};
  if (directory_ && ::fstat(directory_.get(), &status) == 0 && status.st_nlink > 0) return true;
  directory_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return false;
  if (::fstat(directory_.get(), &status) == 0) owner_ = status.st_uid;
  return true;
}

std::string SocketDirectory::path_of(const std::string& name) const {
  return "/proc/self/fd/" + std::to_string(directory_.get()) + "/" + name;
}

std::vector<std::string> SocketDirectory::list(std::string_view prefix) {
  std::vector<std::string> names;
  if (!open()) return names;
  const auto close = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory{::opendir(path_.c_str()), close};
  if (!directory) return names;
  while (const dirent* const entry = ::readdir(directory.get())) {
    if (std::string_view{entry->d_name}.starts_with(prefix)) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

thane::Listener SocketDirectory::bind(SocketRole role, std::string_view server, std::string& name) {
  create();
  const std::string unique = name_prefix(role, "") + file_part(server) + "@" +
                             std::to_string(::getpid()) + "-" + new_id().substr(0, 8);
  const std::string hidden = path_of("." + unique);
  thane::Listener listener =
      thane::Listener::unix_socket(hidden, {.backlog = backlog, .mode = S_IRUSR | S_IWUSR});
  thane::internal::give_to(hidden, owner_);
  check(::rename(hidden.c_str(), path_of(unique).c_str()), "rename");
  name = unique;
  return listener;
}

void SocketDirectory::remove(const std::string& name) noexcept {
  if (open()) static_cast<void>(::unlinkat(directory_.get(), name.c_str(), 0));
}

std::optional<UniqueFd> SocketDirectory::connect(const std::string& name, bool& busy) {
  busy = false;
  if (!open()) return std::nullopt;
  UniqueFd socket{
      check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
  const sockaddr_un address = address_of(path_of(name));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  if (errno == EAGAIN) {
    busy = true;
  } else if (errno == ECONNREFUSED) {
    remove(name);
  } else if (errno != ENOENT) {
    throw std::system_error(errno, std::generic_category(), "cannot connect to " + path_);
  }
  return std::nullopt;
}

bool SocketDirectory::trusts(int socket) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0 || peer.uid == owner_;
}

std::string default_directory() {
  return thane::internal::runtime_directory("thane-rpc");
}

}  // namespace thane::rpc::internal
