#include "postgresql_database.hpp"

#include <thane/servicegroup/errors.hpp>
#include <utility>

#include "../sql_store.hpp"
#include "connection.hpp"

namespace thane::servicegroup::internal {

namespace {

// Two that create a table at the same moment get in each other's way, IF NOT EXISTS or not: the
// lock (its number is "thane") is for that.
Dialect postgresql_dialect() {
  return {.now = "statement_timestamp()",
          .time_type = "timestamp with time zone",
          .to_micros = "CAST(extract(epoch FROM @) * 1000000 AS bigint)",
          .before_schema = "BEGIN; SELECT pg_advisory_xact_lock(500136865381); ",
          .after_schema = " COMMIT"};
}

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(std::string url) : url_(std::move(url)) {}

  const Dialect& dialect() const noexcept override { return dialect_; }

  Rows run(const std::string& statement, const Row& values) override {
    if (connection_) {
      try {
        return attempt(statement, values);
      } catch (const StoreError&) {
        // It may have been cut off since it was last used, or its server may take no changes any
        // more: a new one will tell.
      }
    }
    return attempt(statement, values);
  }

  void disconnect() override { connection_.reset(); }

 private:
  // The connection comes back only from a statement that was answered.
  Rows attempt(const std::string& statement, const Row& values) {
    auto connection = std::move(connection_);
    if (!connection) connection = connect();
    Rows rows = connection->execute(statement, values);
    connection_ = std::move(connection);
    return rows;
  }

  // Who finds the table needs no right to make it.
  std::unique_ptr<PostgresConnection> connect() {
    auto connection = std::make_unique<PostgresConnection>(url_);
    const Rows found = connection->execute("SELECT to_regclass('thane_services')", {});
    if (found.empty() || !found.front().front()) (void)connection->execute(schema(dialect_), {});
    return connection;
  }

  const std::string url_;
  const Dialect dialect_ = postgresql_dialect();
  std::unique_ptr<PostgresConnection> connection_;
};

struct Free {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
  void operator()(char* text) const noexcept { PQfreemem(text); }
};

// Empty: none.
std::string complaint_about(const std::string& url) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, Free> options{PQconninfoParse(url.c_str(), &message)};
  const std::unique_ptr<char, Free> owned{message};
  if (options) return {};
  return one_line(message != nullptr ? message : "libpq has no memory");
}

}  // namespace

std::unique_ptr<Database> make_postgresql_database(std::string url) {
  return std::make_unique<PostgresDatabase>(std::move(url));
}

// libpq quotes what it cannot read. It is asked again about the URL without user and password.
std::string why_not_postgresql(const std::string& url) {
  if (complaint_about(url).empty()) return {};
  const auto begin = url.find("://") + 3;
  const auto at = url.rfind('@');
  const bool has_user = at != std::string::npos && at >= begin;
  const std::string open = has_user ? url.substr(0, begin) + url.substr(at + 1) : url;
  const std::string why = complaint_about(open);
  const bool tells = !why.empty() && open.find("password=") == std::string::npos;
  return tells ? why : "libpq cannot read user or password of the postgresql URL";
}

}  // namespace thane::servicegroup::internal
