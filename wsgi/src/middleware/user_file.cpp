#include "user_file.hpp"

#include <crypt.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>

#include <thane/internal/in_quotes.hpp>
#include <thane/internal/read_file.hpp>

#include "../characters.hpp"

namespace thane::wsgi::internal {

namespace {

constexpr std::size_t largest_file = 16 * 1024 * 1024;
constexpr std::size_t hash_size = 60;
constexpr std::size_t salt_begin = 7;  // Behind "$2y$10$".
constexpr std::size_t salt_size = 22;
// For a name that nobody has, in a file without names.
constexpr std::string_view usual_prefix = "$2b$10$";

bool is_bcrypt_character(char c) {
  const char lower = to_lower(c);
  return is(digit_character, c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '/';
}

bool is_bcrypt(std::string_view hash) {
  return hash.size() == hash_size &&
         (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) &&
         is(digit_character, hash[4]) && is(digit_character, hash[5]) && hash[6] == '$' &&
         std::ranges::all_of(hash.substr(salt_begin), is_bcrypt_character);
}

// Calls `use` with name, hash and number of each line that has a ':', until it returns false.
template <class Use>
void for_each_user(std::string_view text, Use use) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    if (!use(line.substr(0, colon), line.substr(colon + 1), number)) return;
  }
}

bool hashes_to(const std::string& password, const std::string& hash) {
  const auto work = std::make_unique<crypt_data>();  // 32 KiB: not for a stack.
  const char* const result = ::crypt_r(password.c_str(), hash.c_str(), work.get());
  const std::string_view made{result != nullptr ? result : ""};
  const bool same =
      made.size() == hash.size() && CRYPTO_memcmp(made.data(), hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(work.get(), sizeof *work);
  return same;
}

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is(digit_character, c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Strict: with its padding, and nothing else in it.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string octets;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      octets.push_back(static_cast<char>(bits >> count & 0xffU));
    }
  }
  return octets;
}

}  // namespace

UserFile::UserFile(const std::filesystem::path& path)
    : text_(thane::internal::read_file(path, largest_file)) {}

void UserFile::check() const {
  for_each_user(text_, [](std::string_view user, std::string_view hash, std::size_t line) {
    if (is_bcrypt(hash)) return true;
    throw std::invalid_argument(fmt::format("line {}: the password of {} is not hashed with bcrypt",
                                            line, thane::internal::in_quotes(user)));
  });
}

bool UserFile::has(std::string_view user, const std::string& password) const {
  std::optional<std::string> hash;
  std::string_view prefix;
  for_each_user(text_, [&](std::string_view name, std::string_view its_hash, std::size_t) {
    if (prefix.empty() && is_bcrypt(its_hash)) prefix = its_hash.substr(0, salt_begin);
    if (name != user) return true;
    if (is_bcrypt(its_hash)) hash = its_hash;
    return false;
  });
  if (hash) return hashes_to(password, *hash);
  const std::string_view cost = prefix.empty() ? usual_prefix : prefix;
  (void)hashes_to(password, std::string{cost}.append(salt_size, '.'));
  return false;
}

std::optional<Credentials> parse_credentials(std::string_view authorization) {
  const std::size_t end = std::min(authorization.find(' '), authorization.size());
  if (!equals_lower(authorization.substr(0, end), "basic")) return std::nullopt;
  const auto pair = decode_base64(trim(authorization.substr(end)));
  if (!pair || pair->find('\0') != pair->npos) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == pair->npos) return std::nullopt;
  return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

}  // namespace thane::wsgi::internal
