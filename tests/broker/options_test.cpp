// The options of rabbit:// on a real RabbitMQ: logins, names and kinds of queues, and what happens
// where programs do not agree on them.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <thane/rpc.hpp>
#include <thane/timeout.hpp>

#include "support/certificates.hpp"
#include "support/rabbitmq.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;
using thane::testing::RabbitMq;

namespace {

// A node that asks for certificates, believes them, and knows every way to log in.
struct Node {
  thane::testing::Authority authority{};
  thane::testing::CertificateFiles own = authority.issue("broker");
  thane::testing::CertificateFiles guest = authority.issue("guest");
  RabbitMq broker{
      "listeners.ssl.1 = 127.0.0.1:@TLS_PORT@\n"
      "ssl_options.cacertfile = " +
      authority.certificate() + "\nssl_options.certfile = " + own.certificate +
      "\nssl_options.keyfile = " + own.key +
      "\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n"
      "ssl_cert_login_from = common_name\nauth_mechanisms.1 = PLAIN\n"
      "auth_mechanisms.2 = AMQPLAIN\nauth_mechanisms.3 = EXTERNAL\n"
      "auth_mechanisms.4 = RABBIT-CR-DEMO"};
};

Node& node() {
  static Node the_node;
  return the_node;
}

std::string ctl(const std::string& arguments) {
  return thane::offload([&] { return node().broker.ctl(arguments); });
}

std::string tls_url(const std::string& more) {
  return "rabbit://localhost:" + std::to_string(node().broker.tls_port()) +
         "/?ssl=true&ssl_ca_file=" + node().authority.certificate() + more;
}

std::string certificate_of_guest() {
  return "&ssl_cert_file=" + node().guest.certificate + "&ssl_key_file=" + node().guest.key;
}

// A server that counts what it hears.
class Hearing {
 public:
  Hearing(const std::string& url, const std::string& topic, const std::string& name = "s1")
      : server_(rpc::Transport::from(url),
                {.exchange = "x-" + topic, .topic = topic, .server = name}, {endpoint()}) {
    server_.start();
  }
  ~Hearing() { end(); }
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  void end() {
    server_.stop();
    server_.wait();
  }
  // Blocks until it has heard all of that, in any order, and nothing else.
  [[nodiscard]] bool has_heard(const std::vector<int>& wanted) {
    while (heard_.size() < wanted.size()) {
      more_.clear();
      more_.wait();
    }
    return std::ranges::is_permutation(heard_, wanted);
  }

 private:
  rpc::Endpoint endpoint() {
    rpc::Endpoint all;
    all.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
    all.method("hear", {"what"}, [this](const rpc::Context&, int what) {
      heard_.push_back(what);
      more_.set();
    });
    return all;
  }

  std::vector<int> heard_;
  thane::Event more_;
  rpc::Server server_;
};

rpc::Client client_of(const std::string& url, const std::string& topic) {
  return {rpc::Transport::from(url), {.exchange = "x-" + topic, .topic = topic}, {.timeout = 10s}};
}

bool answers(const rpc::Client& client) {
  return client.call("echo", {{"arg", 7}}) == 7;
}

void on_loop(const std::function<void()>& body) {
  thane::FiberLoop{}.run([&] {
    const thane::Timeout limit{60s};
    body();
  });
}

template <class Error, class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

TEST_CASE("each way to log in is taken, by a certificate too") {
  on_loop([] {
    const std::string plain = node().broker.url() + "?rabbit_login_method=";
    const Hearing by_name{plain + "RABBIT-CR-DEMO", "logins"};
    CHECK(answers(client_of(plain + "PLAIN", "logins")));
    CHECK(answers(client_of(plain + "AMQPLAIN", "logins")));
    const auto by_certificate =
        client_of(tls_url("&rabbit_login_method=EXTERNAL") + certificate_of_guest(), "logins");
    CHECK(answers(by_certificate));
    const std::string connections = ctl("list_connections auth_mechanism user");
    CHECK(contains(connections, "RABBIT-CR-DEMO\tguest"));
    CHECK(contains(connections, "EXTERNAL\tguest"));
    const auto nameless = client_of(tls_url("&rabbit_login_method=EXTERNAL"), "logins");
    CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { nameless.cast("hear"); }), "403"));
  });
}

TEST_CASE("TLS is spoken in the version that is asked for") {
  on_loop([] {
    const Hearing server{tls_url("&ssl_version=TLSv1_2"), "versions"};
    CHECK(answers(client_of(tls_url("&ssl_version=TLSv1_3"), "versions")));
    CHECK(contains(ctl("list_connections ssl_protocol"), "tlsv1.2"));
    const auto old = client_of(tls_url("&ssl_version=TLSv1"), "versions").prepare({.retry = 0});
    CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { old.cast("hear"); }), "TLS: "));
  });
}

TEST_CASE("fanout by a stream reaches each server once, also after its connection was lost") {
  on_loop([] {
    const std::string url = node().broker.url() +
                            "?rabbit_stream_fanout=true&rabbit_transient_quorum_queue=true"
                            "&rabbit_qos_prefetch_count=10";
    Hearing one{url, "stream"};
    Hearing two{url, "stream", "s2"};
    const auto all = client_of(url, "stream").prepare({.fanout = true});
    for (const int i : {1, 2}) all.cast("hear", {{"what", i}});
    CHECK(one.has_heard({1, 2}));
    CHECK(two.has_heard({1, 2}));
    (void)ctl("close_all_connections test");
    all.cast("hear", {{"what", 3}});
    CHECK(one.has_heard({1, 2, 3}));
    CHECK(two.has_heard({1, 2, 3}));
    two.end();
    all.cast("hear", {{"what", 4}});  // The stream is not deleted with a server.
    CHECK(one.has_heard({1, 2, 3, 4}));
    CHECK(answers(client_of(url, "stream")));
  });
}

TEST_CASE("with the queue manager queues have names that tell their owners, and stay") {
  on_loop([] {
    const std::string process = "options-test-" + std::to_string(::getpid());
    const std::string url =
        node().broker.url() + "?use_queue_manager=true&hostname=node1&processname=" + process;
    {
      Hearing server{url, "named"};
      const auto client = client_of(url, "named");
      CHECK(answers(client));
      client.prepare({.fanout = true}).cast("hear", {{"what", 1}});
      CHECK(server.has_heard({1}));
    }
    std::filesystem::remove("/dev/shm/node1_" + process + "_qmanager");
    const std::string queues = ctl("list_queues name");
    CHECK(contains(queues, "named_fanout_node1:" + process + ":1\n"));
    CHECK(contains(queues, "reply_node1:" + process + ":2\n"));
  });
}

TEST_CASE("who wants durable queues takes those that are not; the reverse is refused") {
  on_loop([] {
    const std::string plain = node().broker.url();
    const std::string durable = plain + "?amqp_durable_queues=true";
    {
      const Hearing first{plain, "given"};
      const Hearing second{durable, "given", "s2"};
      const auto client = client_of(durable, "given");
      CHECK(answers(client));
      CHECK(answers(client.prepare({.server = "s2"})));
    }
    const Hearing first{durable, "kept"};
    const std::string told = refusal<rpc::ServerListenError>([&] {
      const Hearing second{plain, "kept", "s2"};
    });
    CHECK(contains(told, "406 PRECONDITION_FAILED"));
    CHECK(contains(told, "with another amqp_durable_queues"));
    const auto client = client_of(plain, "kept");
    CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { client.cast("hear"); }),
                   "with another amqp_durable_queues"));
  });
}

TEST_CASE("queues of other kinds are refused with the option that makes them") {
  on_loop([] {
    const std::string plain = node().broker.url();
    const Hearing first{plain + "?amqp_durable_queues=true", "kinds"};
    const std::vector<std::pair<std::string, std::string>> others{
        {"rabbit_quorum_queue=true", "rabbit_quorum_queue"},
        {"amqp_durable_queues=true&amqp_auto_delete=true", "amqp_auto_delete"}};
    for (const auto& [query, option] : others) {
      CHECK(contains(refusal<rpc::ServerListenError>([&, query = query] {
                       const Hearing second{plain + "?" + query, "kinds", "s2"};
                     }),
                     "with another " + option));
    }
  });
}

}  // namespace
