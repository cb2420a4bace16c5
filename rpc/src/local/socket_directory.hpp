// The directory in which the servers of a machine are found: one of sockets for each topic.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/listener.hpp>
#include <thane/stream.hpp>
#include <thane/unique_fd.hpp>

namespace thane::rpc::internal {

/// What a socket is for: the first letter of its name.
enum class SocketRole : char { topic = 't', fanout = 'f', notifications = 'n' };

/// "t@SERVER@", with which the names of its sockets begin; with no server "t@".
[[nodiscard]] std::string name_prefix(SocketRole role, std::string_view server);
/// A server's name, or any other, as part of the name of a file: at most 40 characters.
[[nodiscard]] std::string file_part(std::string_view text);
/// Of a name that list() gave: what file_part() made of the server or pool.
[[nodiscard]] std::string_view owner_part(std::string_view name);

/// DIR/EXCHANGE/TOPIC. Sockets in it appear when they listen, not before, under names that no
/// other ever has: one that refuses connections is dead, and may be removed by anybody.
class SocketDirectory {
 public:
  SocketDirectory(const std::string& root, std::string_view exchange, std::string_view topic);

  /// Makes what is missing of it, with mode 0700. Throws std::runtime_error if part of it belongs
  /// to somebody else, or lets others write; std::system_error.
  void create();

  /// The names in it that begin with `prefix`; none if it does not exist.
  [[nodiscard]] std::vector<std::string> list(std::string_view prefix);

  /// A new socket that listens. Returns its name in `name`.
  [[nodiscard]] thane::Listener bind(SocketRole role, std::string_view server, std::string& name);
  void remove(const std::string& name) noexcept;

  /// Connects, without waiting. None: nobody is there, and the name is gone now, or the queue of
  /// the socket is full (`busy` is set). Throws std::system_error.
  [[nodiscard]] std::optional<UniqueFd> connect(const std::string& name, bool& busy);

  /// Whether the process at the other end may be talked to: of the same user, of root, or of the
  /// user whom the directory belongs to.
  [[nodiscard]] bool trusts(int socket) const;

 private:
  [[nodiscard]] bool open() noexcept;
  [[nodiscard]] std::string path_of(const std::string& name) const;

  std::string root_;
  std::string path_;
  UniqueFd directory_;
  uid_t owner_;
};

/// Where local:// without a directory is.
[[nodiscard]] std::string default_directory();

}  // namespace thane::rpc::internal
