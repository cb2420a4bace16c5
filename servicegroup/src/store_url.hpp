// How a `connection` is read.
#pragma once

#include <string>

namespace thane::servicegroup::internal {

enum class StoreKind { memory, sqlite, postgresql };

/// A `connection` taken apart; a value.
struct StoreUrl {
  StoreKind kind = StoreKind::sqlite;
  /// sqlite: the file, empty for the usual one. postgresql: the URL as libpq takes it.
  std::string place{};

  /// Throws InvalidConnectionUrl.
  static StoreUrl parse(const std::string& text);
};

}  // namespace thane::servicegroup::internal
