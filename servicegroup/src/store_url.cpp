#include "store_url.hpp"

#include <string_view>

#include <thane/servicegroup/errors.hpp>

#include "postgresql/postgresql_database.hpp"

namespace thane::servicegroup::internal {

namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw InvalidConnectionUrl("connection: " + why);
}

StoreUrl sqlite_url(std::string_view rest) {
  if (rest.empty()) return {StoreKind::sqlite};
  if (!rest.starts_with('/') || rest.size() == 1) {
    refuse("sqlite:///FILE names a file, sqlite:// the usual one; there is no host");
  }
  if (rest.find('?') != std::string_view::npos) refuse("sqlite:///FILE takes no options");
  return {StoreKind::sqlite, std::string{rest.substr(1)}};
}

}  // namespace

StoreUrl StoreUrl::parse(const std::string& text) {
  const auto colon = text.find("://");
  if (colon == std::string::npos) refuse("no scheme; it should begin like sqlite://");
  const std::string scheme = text.substr(0, colon);
  const std::string driver = scheme.substr(0, scheme.find('+'));  // "postgresql+psycopg2".
  const std::string rest = text.substr(colon + 3);
  if (driver == "sqlite") return sqlite_url(rest);
  if (driver == "memory") {
    if (!rest.empty()) refuse("memory:// takes nothing more");
    return {StoreKind::memory};
  }
  if (driver == "postgresql" || driver == "postgres") {
    const std::string url = "postgresql://" + rest;
    if (const std::string wrong = why_not_postgresql(url); !wrong.empty()) refuse(wrong);
    return {StoreKind::postgresql, url};
  }
  refuse("no driver \"" + driver + "\"; there are sqlite, postgresql and memory");
}

}  // namespace thane::servicegroup::internal
