// One connection to a PostgreSQL server, which blocks the calling fiber alone.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include <thane/internal/watched_fd.hpp>

#include "../database.hpp"

namespace thane::servicegroup::internal {

/// libpq driven without blocking: it says what it waits for, the fiber waits on the loop. After an
/// exception, fiber_killed and timeout_error among them, it is of no use any more.
class PostgresConnection {
 public:
  /// Connects, TLS and all. Throws StoreError.
  explicit PostgresConnection(const std::string& url);

  /// Without values `statement` may be several. Returns what the last one did. Throws StoreError.
  Rows execute(const std::string& statement, const Row& values);

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  using Direction = thane::internal::WatchedFd::Direction;

  void connect(const std::string& url);
  void wait_until(Direction direction) const;
  void send(const std::string& statement, const Row& values);
  [[noreturn]] void fail() const;

  std::unique_ptr<PGconn, Finish> connection_;
};

/// A message of libpq on one line.
[[nodiscard]] std::string one_line(std::string text);

}  // namespace thane::servicegroup::internal
