#include "sql_store.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <thane/servicegroup/errors.hpp>
#include <thane/timeout.hpp>
#include <utility>

// One text of each statement for all databases: @NOW is the database's clock, @MICROS(column) what
// list() reads of it. "binary" is a word of SQL, hence the quotes.

namespace thane::servicegroup::internal {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::int64_t number(const Value& value) {
  std::int64_t parsed = 0;
  if (!value) throw StoreError("the table of services has no number where one belongs");
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), parsed);
  if (error != std::errc{} || end != value->data() + value->size()) {
    throw StoreError("the table of services has \"" + *value + "\" where a number belongs");
  }
  return parsed;
}

Record::Time time(const Value& value) {
  return Record::Time{std::chrono::microseconds{number(value)}};
}

Value flag(const std::optional<bool>& value) {
  if (!value) return std::nullopt;
  return *value ? "1" : "0";
}

Record record_of(const Row& row) {
  return {.member = {.host = row.at(0).value_or(""),
                     .binary = row.at(1).value_or(""),
                     .topic = row.at(2).value_or(""),
                     .version = number(row.at(3))},
          .report_count = number(row.at(4)),
          .disabled = number(row.at(5)) != 0,
          .disabled_reason = row.at(6).value_or(""),
          .forced_down = number(row.at(7)) != 0,
          .created_at = time(row.at(8)),
          .updated_at = time(row.at(9)),
          .last_seen_up = time(row.at(10)),
          .read_at = time(row.at(11))};
}

}  // namespace

std::string schema(const Dialect& dialect) {
  const std::string& time = dialect.time_type;
  return fmt::format(R"({}CREATE TABLE IF NOT EXISTS thane_services (
    host text NOT NULL, "binary" text NOT NULL, topic text NOT NULL, version bigint NOT NULL,
    report_count bigint NOT NULL DEFAULT 0,
    disabled smallint NOT NULL DEFAULT 0, disabled_reason text NOT NULL DEFAULT '',
    forced_down smallint NOT NULL DEFAULT 0,
    created_at {} NOT NULL, updated_at {} NOT NULL, last_seen_up {} NOT NULL,
    PRIMARY KEY (host, "binary"));{})",
                     dialect.before_schema, time, time, time, dialect.after_schema);
}

SqlStore::SqlStore(std::unique_ptr<Database> database, Duration timeout)
    : database_(std::move(database)), timeout_(timeout) {}

std::string SqlStore::with_dialect(std::string statement) const {
  const Dialect& dialect = database_->dialect();
  replace_all(statement, "@NOW", dialect.now);
  for (const char* column : {"created_at", "updated_at", "last_seen_up"}) {
    std::string micros = dialect.to_micros;
    replace_all(micros, "@", column);
    replace_all(statement, fmt::format("@MICROS({})", column), micros);
  }
  std::string micros = dialect.to_micros;
  replace_all(micros, "@", dialect.now);
  replace_all(statement, "@MICROS()", micros);
  return statement;
}

Rows SqlStore::run(const std::string& statement, const Row& values) {
  const Timeout limit{timeout_};
  try {
    const Semaphore::Permit permit{turn_};
    return database_->run(with_dialect(statement), values);
  } catch (const timeout_error&) {
    if (!limit.expired()) throw;
    throw StoreError(fmt::format("no answer from the database within {} s",
                                 std::chrono::duration<double>(timeout_).count()));
  }
}

void SqlStore::disconnect() {
  const Semaphore::Permit permit{turn_};
  database_->disconnect();
}

void SqlStore::join(const Member& member, const Change& first) {
  (void)run(
      R"(INSERT INTO thane_services (host, "binary", topic, version, disabled, disabled_reason,
             created_at, updated_at, last_seen_up)
         VALUES ($1, $2, $3, $4, $5, $6, @NOW, @NOW, @NOW)
         ON CONFLICT (host, "binary") DO UPDATE SET topic = excluded.topic,
             version = excluded.version, updated_at = @NOW, last_seen_up = @NOW)",
      {member.host, member.binary, member.topic, std::to_string(member.version),
       flag(first.disabled.value_or(false)), first.disabled_reason.value_or("")});
}

bool SqlStore::report(std::string_view host, std::string_view binary) {
  const auto rows =
      run(R"(UPDATE thane_services SET report_count = report_count + 1, updated_at = @NOW,
                 last_seen_up = @NOW
             WHERE host = $1 AND "binary" = $2 RETURNING host)",
          {std::string{host}, std::string{binary}});
  return !rows.empty();
}

std::vector<Record> SqlStore::list(const Filter& filter) {
  const auto rows = run(
      R"(SELECT host, "binary", topic, version, report_count, disabled, disabled_reason,
                forced_down, @MICROS(created_at), @MICROS(updated_at), @MICROS(last_seen_up),
                @MICROS()
         FROM thane_services WHERE ($1 = '' OR host = $1) AND ($2 = '' OR "binary" = $2)
         ORDER BY created_at, host, "binary")",
      {filter.host, filter.binary});
  std::vector<Record> records;
  records.reserve(rows.size());
  for (const Row& row : rows) records.push_back(record_of(row));
  return records;
}

bool SqlStore::change(std::string_view host, std::string_view binary, const Change& change) {
  const auto rows = run(R"(UPDATE thane_services SET disabled = coalesce($1, disabled),
                 disabled_reason = coalesce($2, disabled_reason),
                 forced_down = coalesce($3, forced_down), updated_at = @NOW
             WHERE host = $4 AND "binary" = $5 RETURNING host)",
                        {flag(change.disabled), change.disabled_reason, flag(change.forced_down),
                         std::string{host}, std::string{binary}});
  return !rows.empty();
}

bool SqlStore::remove(std::string_view host, std::string_view binary) {
  const auto rows =
      run(R"(DELETE FROM thane_services WHERE host = $1 AND "binary" = $2 RETURNING host)",
          {std::string{host}, std::string{binary}});
  return !rows.empty();
}

}  // namespace thane::servicegroup::internal
