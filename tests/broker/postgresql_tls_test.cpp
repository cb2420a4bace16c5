// Records of services in a PostgreSQL that speaks nothing but TLS.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thane/fiber_loop.hpp>
#include <thane/servicegroup.hpp>
#include <thane/timeout.hpp>

#include "support/certificates.hpp"
#include "support/postgresql.hpp"
#include "support/store_contract.hpp"

namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using servicegroup::make_store;
using servicegroup::StoreError;
using thane::testing::Authority;
using thane::testing::CertificateFiles;
using thane::testing::PostgreSql;

namespace {

struct Node {
  Authority authority{};
  Authority stranger{"stranger"};
  CertificateFiles of_user = authority.issue("thane");
  PostgreSql server{authority.issue("database"), authority};
};

Node& node() {
  static Node the_node;
  return the_node;
}

void on_loop(const std::function<void()>& body) {
  thane::FiberLoop loop;
  loop.run([&] {
    const thane::Timeout limit{60s};
    body();
  });
}

std::string verified_by(const Authority& authority) {
  return "sslmode=verify-full&sslrootcert=" + authority.certificate();
}

// What the first use of the store says.
std::string refusal(const std::string& url) {
  std::string why = "none";
  on_loop([&] {
    try {
      (void)make_store(url)->list({});
    } catch (const StoreError& error) {
      why = error.what();
    }
  });
  return why;
}

bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

TEST_CASE("records are kept over TLS, where the server proves who it is") {
  const std::string url = node().server.url_with(verified_by(node().authority));
  on_loop([&] { thane::testing::check_store_contract(*make_store(url)); });
}

TEST_CASE("a server that another authority vouches for is not believed, and the error says so") {
  const std::string why = refusal(node().server.url_with(verified_by(node().stranger)));
  CHECK(contains(why, "certificate verify failed"));
  CHECK(contains(why, "sslrootcert"));
  CHECK(why.find('\n') == std::string::npos);
}

TEST_CASE("a server whose certificate is for another host is not believed") {
  PostgreSql elsewhere{node().authority.issue("elsewhere", {.host = "elsewhere"}),
                       node().authority};
  CHECK(contains(refusal(elsewhere.url_with(verified_by(node().authority))),
                 "does not match host name \"localhost\""));
}

TEST_CASE("who does not speak TLS with it is told that it has to be") {
  CHECK(contains(refusal(node().server.url_with("sslmode=disable")), "no encryption"));
  CHECK(refusal(node().server.url()) == "none");  // libpq prefers TLS.
}

TEST_CASE("a certificate does where there is no password, and none is refused") {
  const std::string options = verified_by(node().authority);
  const std::string own =
      "&sslcert=" + node().of_user.certificate + "&sslkey=" + node().of_user.key;
  CHECK(refusal(node().server.url_by_certificate(options + own)) == "none");
  CHECK(contains(refusal(node().server.url_by_certificate(options)), "certificate"));
}

TEST_CASE("a server that is restarted is spoken to again, over TLS") {
  on_loop([] {
    const auto store = make_store(node().server.url_with(verified_by(node().authority)));
    store->join({.host = "h", .binary = "restarted"}, {});
    node().server.stop();
    node().server.start();
    CHECK(store->report("h", "restarted"));
  });
}

}  // namespace
