#include "sqlite_database.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thane/offload.hpp>
#include <thane/servicegroup/errors.hpp>
#include <utility>

#include "../sql_store.hpp"
#include "sqlite_file.hpp"

namespace thane::servicegroup::internal {

namespace {

using namespace std::chrono_literals;

// As Python's sqlite3 waits, and all who know it.
constexpr std::chrono::milliseconds longest_busy = 5s;

Dialect sqlite_dialect() {
  return {.now = "strftime('%Y-%m-%d %H:%M:%f', 'now')",
          .time_type = "text",
          .to_micros = "(CAST(round((julianday(@) - 2440587.5) * 86400000) AS INTEGER) * 1000)"};
}

// A statement takes some 20 us here, but as long as it likes where the disk is slow or another
// process writes: it is made on a thread, and the other fibers never wait for it.
class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, std::chrono::milliseconds busy_limit)
      : file_(std::move(path), schema(dialect_), busy_limit) {}

  const Dialect& dialect() const noexcept override { return dialect_; }

  Rows run(const std::string& statement, const Row& values) override {
    return offload([&] {
      try {
        return file_.run(statement, values);
      } catch (const StoreError&) {
        throw;
      } catch (const std::exception& error) {
        throw StoreError(error.what());
      }
    });
  }

  // The last one that closes a file moves the log into it, and waits for the disk.
  void disconnect() override {
    if (file_.is_open()) offload([this] { file_.close(); });
  }

 private:
  const Dialect dialect_ = sqlite_dialect();
  SqliteFile file_;
};

}  // namespace

std::unique_ptr<Database> make_sqlite_database(std::string path, Duration timeout) {
  const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(timeout / 2);
  return std::make_unique<SqliteDatabase>(std::move(path), std::min(longest_busy, half));
}

}  // namespace thane::servicegroup::internal
