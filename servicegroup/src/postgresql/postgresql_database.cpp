#include "postgresql_database.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>
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

using Options = std::unique_ptr<PQconninfoOption, Free>;

// libpq passes over a certificate that is not there, and tells of the others at the first use.
std::string complaint_about_files(const PQconninfoOption* options) {
  for (const auto* each = options; each->keyword != nullptr; ++each) {
    const std::string name = each->keyword;
    const std::string file = each->val != nullptr ? each->val : "";
    const bool is_path =
        name == "sslrootcert" || name == "sslcert" || name == "sslcrl" ||
        (name == "sslkey" && file.find(':') == std::string::npos);  // Of an engine.
    if (!is_path || file.empty() || (name == "sslrootcert" && file == "system")) continue;
    if (::access(file.c_str(), R_OK) != 0) {
      return name + ": " + file + ": " + std::generic_category().message(errno);
    }
  }
  return {};
}

// Of the URL itself; empty: none.
std::string complaint_about(const std::string& url, Options& options) {
  char* message = nullptr;
  options.reset(PQconninfoParse(url.c_str(), &message));
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
  Options options;
  if (complaint_about(url, options).empty()) return complaint_about_files(options.get());
  const auto begin = url.find("://") + 3;
  const auto at = url.rfind('@');
  const bool has_user = at != std::string::npos && at >= begin;
  const std::string open = has_user ? url.substr(0, begin) + url.substr(at + 1) : url;
  const std::string why = complaint_about(open, options);
  const bool tells = !why.empty() && open.find("password=") == std::string::npos;
  return tells ? why : "libpq cannot read user or password of the postgresql URL";
}

}  // namespace thane::servicegroup::internal
