#include "sqlite_file.hpp"

#include <sys/stat.h>

#include <string_view>
#include <thane/clock.hpp>
#include <thane/internal/private_directory.hpp>
#include <thane/servicegroup/errors.hpp>
#include <utility>

namespace thane::servicegroup::internal {

namespace {

constexpr const char* usual_directory = "thane-servicegroup";
constexpr const char* usual_name = "services.sqlite";
constexpr int pause_ms = 5;

// Another process has it.
struct Busy : StoreError {
  using StoreError::StoreError;
};

Row row_of(sqlite3_stmt* statement) {
  Row row;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const unsigned char* const text = sqlite3_column_text(statement, i);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
    row.push_back(text == nullptr ? Value{}
                                  : Value{std::string{reinterpret_cast<const char*>(text), size}});
  }
  return row;
}

}  // namespace

SqliteFile::SqliteFile(std::string path, std::string schema, std::chrono::milliseconds busy_limit)
    : path_(std::move(path)), schema_(std::move(schema)), busy_limit_(busy_limit) {}

Rows SqliteFile::run(const std::string& statement, const Row& values) {
  if (connection_ && !is_ours()) close();  // Somebody has removed it, or put another in its place.
  if (!connection_) {
    try {
      open();
    } catch (...) {
      close();
      throw;
    }
  }
  return execute(statement, values);
}

void SqliteFile::open() {
  if (path_.empty()) {
    // Now, not when the store was made: the user may be another one than the parent's.
    const std::string directory = thane::internal::runtime_directory(usual_directory);
    (void)thane::internal::make_private_directory(directory);
    path_ = directory + "/" + usual_name;
  }
  sqlite3* connection = nullptr;
  const int opened = sqlite3_open_v2(
      path_.c_str(), &connection,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  connection_.reset(connection);
  if (opened != SQLITE_OK) fail(opened);
  sqlite3_busy_timeout(connection, static_cast<int>(busy_limit_.count()));
  prepare_file();
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

// Two that change a new file to WAL at the same moment are not told to wait for each other.
void SqliteFile::prepare_file() {
  // NORMAL does not wait for the disk at each report. A power failure may take away the last ones;
  // the file stays whole.
  (void)execute("PRAGMA synchronous = NORMAL", {});
  for (const auto deadline = SteadyClock::now() + busy_limit_;;) {
    try {
      const Rows mode = execute("PRAGMA journal_mode", {});
      if (mode.empty() || mode.front().front() != "wal") {
        (void)execute("PRAGMA journal_mode = WAL", {});
      }
      (void)execute(schema_, {});
      return;
    } catch (const Busy&) {
      if (SteadyClock::now() >= deadline) throw;
      sqlite3_sleep(pause_ms);
    }
  }
}

bool SqliteFile::is_ours() const noexcept {
  struct stat status {};
  return ::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

Rows SqliteFile::execute(const std::string& text, const Row& values) {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(connection_.get(), text.c_str(),
                                        static_cast<int>(text.size()), &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement{prepared};
  if (result != SQLITE_OK) fail(result);
  for (int index = 1; const Value& value : values) {
    const int bound = value ? sqlite3_bind_text(prepared, index, value->c_str(),
                                                static_cast<int>(value->size()), SQLITE_STATIC)
                            : sqlite3_bind_null(prepared, index);
    if (bound != SQLITE_OK) fail(bound);
    ++index;
  }
  Rows rows;
  for (;;) {
    const int step = sqlite3_step(prepared);
    if (step == SQLITE_DONE) return rows;
    if (step != SQLITE_ROW) fail(step);
    rows.push_back(row_of(prepared));
  }
}

void SqliteFile::fail(int code) const {
  const char* const why = connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  const std::string text = path_ + ": " + why;
  if ((code & 0xff) == SQLITE_BUSY) throw Busy(text);
  throw StoreError(text);
}

}  // namespace thane::servicegroup::internal
