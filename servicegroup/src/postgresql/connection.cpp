#include "connection.hpp"

#include <fcntl.h>

#include <array>
#include <cctype>
#include <thane/check.hpp>
#include <thane/log.hpp>
#include <thane/offload.hpp>
#include <thane/servicegroup/errors.hpp>
#include <thane/unique_fd.hpp>
#include <utility>
#include <vector>

namespace thane::servicegroup::internal {

namespace {

using thane::internal::WatchedFd;

struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

Rows rows_of(const PGresult* result) {
  Rows rows(static_cast<std::size_t>(PQntuples(result)));
  for (int i = 0; Row & row : rows) {
    for (int column = 0; column < PQnfields(result); ++column) {
      const bool null = PQgetisnull(result, i, column) != 0;
      row.push_back(null ? Value{} : Value{PQgetvalue(result, i, column)});
    }
    ++i;
  }
  return rows;
}

// libpq would write it on standard error.
void log_notice(void*, const char* text) {
  log::debug("postgresql: {}", one_line(text));
}

}  // namespace

std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    const auto end = text.find_first_not_of(" \t\n", at);
    text.replace(at, end - at, "; ");
  }
  return text;
}

PostgresConnection::PostgresConnection(const std::string& url) {
  connect(url);
}

// Its steps do not wait for the server, but may look up a name, read certificates and a password
// file, or ask for a Kerberos ticket: they are made on a thread, the waits between them here.
void PostgresConnection::connect(const std::string& url) {
  const std::array<const char*, 3> names{"dbname", "fallback_application_name", nullptr};
  const std::array<const char*, 3> values{url.c_str(), "thane", nullptr};
  constexpr int url_in_dbname = 1;
  connection_.reset(
      offload([&] { return PQconnectStartParams(names.data(), values.data(), url_in_dbname); }));
  if (!connection_) throw StoreError("libpq has no memory for a connection");
  if (PQstatus(connection_.get()) == CONNECTION_BAD) fail();
  PQsetNoticeProcessor(connection_.get(), log_notice, nullptr);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) fail();
    wait_until(next == PGRES_POLLING_READING ? WatchedFd::readable : WatchedFd::writable);
    next = offload([this] { return PQconnectPoll(connection_.get()); });
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0) fail();
}

// A duplicate for each wait: libpq changes its socket while it connects, and reads as much as it
// likes. One that the loop has not seen before is told of what is left.
void PostgresConnection::wait_until(Direction direction) const {
  const int socket = PQsocket(connection_.get());
  if (socket < 0) fail();
  WatchedFd fd{UniqueFd{check(::fcntl(socket, F_DUPFD_CLOEXEC, 0), "fcntl")},
               WatchedFd::Kind::shared};
  (void)fd.wait(direction);
}

Rows PostgresConnection::execute(const std::string& statement, const Row& values) {
  send(statement, values);
  Rows rows;
  std::string error;
  for (;;) {
    while (PQisBusy(connection_.get()) != 0) {
      wait_until(WatchedFd::readable);
      if (PQconsumeInput(connection_.get()) == 0) fail();
    }
    const Result result{PQgetResult(connection_.get())};
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
        rows = rows_of(result.get());
        break;
      default:
        if (error.empty()) error = PQresultErrorMessage(result.get());
    }
  }
  if (!error.empty()) throw StoreError(one_line(std::move(error)));
  return rows;
}

// The server cannot be held up by answers we do not read: they are short, and fit its socket.
void PostgresConnection::send(const std::string& statement, const Row& values) {
  std::vector<const char*> texts;
  for (const Value& value : values) texts.push_back(value ? value->c_str() : nullptr);
  const int sent = values.empty() ? PQsendQuery(connection_.get(), statement.c_str())
                                  : PQsendQueryParams(connection_.get(), statement.c_str(),
                                                      static_cast<int>(texts.size()), nullptr,
                                                      texts.data(), nullptr, nullptr, 0);
  if (sent == 0) fail();
  for (int left = PQflush(connection_.get()); left != 0; left = PQflush(connection_.get())) {
    if (left < 0) fail();
    wait_until(WatchedFd::writable);
  }
}

void PostgresConnection::fail() const {
  std::string text = one_line(PQerrorMessage(connection_.get()));
  if (text.find("certificate verify failed") != std::string::npos) {  // libpq says no more.
    text += "; the server's has to be valid, and signed by an authority in sslrootcert";
  }
  throw StoreError(text.empty() ? "the connection to the database is lost" : std::move(text));
}

}  // namespace thane::servicegroup::internal
