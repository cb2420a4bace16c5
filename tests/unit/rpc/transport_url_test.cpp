// transport_url, by what oslo.messaging makes of 48 of them.
#include <thane/rpc/transport_url.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <thane/rpc/errors.hpp>

using nlohmann::json;
using thane::rpc::InvalidTransportURL;
using thane::rpc::TransportUrl;

namespace {

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json{};
}

json parsed(const std::string& text) {
  try {
    const auto url = TransportUrl::parse(text);
    json hosts = json::array();
    for (const auto& host : url.hosts) {
      hosts.push_back({{"hostname", or_null(host.hostname)},
                       {"port", or_null(host.port)},
                       {"username", or_null(host.username)},
                       {"password", or_null(host.password)}});
    }
    return {{"transport", url.transport},
            {"virtual_host", or_null(url.virtual_host)},
            {"hosts", hosts},
            {"query", url.query},
            {"str", url.to_string()}};
  } catch (const InvalidTransportURL&) {
    return {{"error", "InvalidTransportURL"}};
  } catch (const std::invalid_argument& error) {
    return {{"error", "ValueError"}, {"message", error.what()}};
  }
}

TEST_CASE("a transport_url is taken apart and put together as in Python") {
  std::ifstream file{TEST_DATA_DIR "/rpc/transport_url.json"};
  for (json expected : json::parse(file)) {
    const std::string text = expected["url"];
    CAPTURE(text);
    expected.erase("url");
    expected.erase("amqp");  // What a driver makes of it.
    if (expected.value("error", "") == "InvalidTransportURL") expected.erase("message");
    CHECK(parsed(text) == expected);
  }
}

TEST_CASE("the driver is what stands before a plus sign, the path all that follows the slashes") {
  CHECK(TransportUrl::parse("kombu+memory://").driver() == "kombu");
  CHECK(TransportUrl::parse("local:///run/shop").path == "/run/shop");
  CHECK(TransportUrl::parse("rabbit://h/?x=a+b%2B").query.at("x") == "a b+");
}

}  // namespace
