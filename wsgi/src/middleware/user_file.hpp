// Names and hashed passwords, as Apache's htpasswd(1) keeps them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace thane::wsgi::internal {

/// The text of such a file. All of it blocks: for threads of offload(), and constructors.
class UserFile {
 public:
  /// Throws std::system_error if it cannot be read, or is larger than 16 MiB.
  explicit UserFile(const std::filesystem::path& path);

  /// Throws std::invalid_argument, with the number of the line, if a hash is not one of bcrypt.
  void check() const;
  /// Whether it has that user with that password. Takes as long for a user that it does not have,
  /// if all hashes cost the same.
  [[nodiscard]] bool has(std::string_view user, const std::string& password) const;

 private:
  std::string text_;
};

/// "NAME:PASSWORD" of a field "Basic BASE64".
struct Credentials {
  std::string user;
  std::string password;
};

/// nullopt for anything else, and for a NUL in it, which crypt(3) would end at.
[[nodiscard]] std::optional<Credentials> parse_credentials(std::string_view authorization);

}  // namespace thane::wsgi::internal
