// A SQLite database in a file, used by one thread at a time, which it blocks.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "../database.hpp"

namespace thane::servicegroup::internal {

/// Opened, with its table made, at the first run(); again when the file is another one than it was.
class SqliteFile {
 public:
  /// `path` empty: the usual one, whose directory is made. `busy_limit`: how long to wait for other
  /// processes that write.
  SqliteFile(std::string path, std::string schema, std::chrono::milliseconds busy_limit);

  /// Throws StoreError.
  Rows run(const std::string& statement, const Row& values);
  [[nodiscard]] bool is_open() const noexcept { return connection_ != nullptr; }
  void close() noexcept { connection_.reset(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  void open();
  void prepare_file();
  [[nodiscard]] bool is_ours() const noexcept;
  Rows execute(const std::string& text, const Row& values);
  [[noreturn]] void fail(int code) const;

  std::string path_;
  std::string schema_;
  std::chrono::milliseconds busy_limit_;
  std::unique_ptr<sqlite3, Close> connection_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace thane::servicegroup::internal
