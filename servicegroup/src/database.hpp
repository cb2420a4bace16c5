// A database that takes statements, one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace thane::servicegroup::internal {

using Value = std::optional<std::string>;  // None: NULL.
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

/// What the databases call differently.
struct Dialect {
  std::string now;        ///< The database's clock, as it is stored.
  std::string time_type;  ///< Of columns that hold it.
  std::string to_micros;  ///< An expression in @: microseconds since 1970, as an integer.
  std::string before_schema{};
  std::string after_schema{};
};

/// Connects when it is needed, and makes the table then. Not for two fibers at a time.
class Database {
 public:
  virtual ~Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] virtual const Dialect& dialect() const noexcept = 0;
  /// Blocks the calling fiber. `statement` has $1, $2 ... for the values, first used in this order.
  /// Throws StoreError. One that is interrupted may be done or not; what comes next is not
  /// affected.
  virtual Rows run(const std::string& statement, const Row& values) = 0;
  virtual void disconnect() = 0;

 protected:
  Database() = default;
};

}  // namespace thane::servicegroup::internal
