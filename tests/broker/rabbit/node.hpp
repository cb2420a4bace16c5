// The RabbitMQ of the tests in this folder, and how they run.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <thane/timeout.hpp>

#include "support/captured_log.hpp"
#include "support/certificates.hpp"
#include "support/eventually.hpp"
#include "support/rabbitmq.hpp"

namespace thane::testing {

/// It speaks TLS on a second port, where it asks for certificates and believes them, and knows
/// every way to log in.
struct Node {
  Authority authority{};
  CertificateFiles own = authority.issue("broker");
  CertificateFiles guest = authority.issue("guest");
  RabbitMq broker{
      "listeners.ssl.1 = 127.0.0.1:@TLS_PORT@\nssl_options.cacertfile = " +
      authority.certificate() + "\nssl_options.certfile = " + own.certificate +
      "\nssl_options.keyfile = " + own.key +
      "\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n"
      "ssl_cert_login_from = common_name\nauth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = AMQPLAIN\n"
      "auth_mechanisms.3 = EXTERNAL\nauth_mechanisms.4 = RABBIT-CR-DEMO"};
};

/// One for all, because it takes seconds to start.
inline Node& node() {
  static Node the_node;
  return the_node;
}

inline RabbitMq& broker() {
  return node().broker;
}

/// Runs on fibers, and fails where it takes longer than it ever should.
inline void on_loop(const std::function<void()>& body) {
  (void)broker();  // It may take long to start: that is not on the time of whoever is the first.
  FiberLoop{}.run([&] {
    const Timeout limit{std::chrono::seconds{60}};
    body();
  });
}

/// Off the loop, so that what happens to the fibers meanwhile happens.
inline void at_broker(const std::function<void(RabbitMq&)>& act) {
  offload([&act] { act(broker()); });
}

inline bool comes_to_log(const CapturedLog& log, const std::string& text) {
  return offload([&] { return eventually([&] { return log.count(text) > 0; }); });
}

}  // namespace thane::testing
