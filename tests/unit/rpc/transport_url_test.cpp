// transport_url, by what oslo.messaging makes of 48 of them.
#include <thane/rpc/transport_url.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <thane/rpc/transport.hpp>

#include "support/temporary_directory.hpp"

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
  CHECK(TransportUrl::parse("rabbit://h/?x=%4g%g4%4").query.at("x") == "%4g%g4%4");
}

// Of a program with that transport_url in its file.
std::string refused_url(const std::string& url) {
  const thane::testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.conf", "[DEFAULT]\ntransport_url = " + url + "\n");
  try {
    (void)thane::rpc::Transport::from(thane::Config::parse(
        {"--config-file", path}, {thane::rpc::options(), thane::rpc::rabbit_options()}));
    return "none";
  } catch (const thane::config_error& error) {
    const std::string text = error.what();
    return text.substr(std::min(text.find("a.conf"), text.size()));
  }
}

TEST_CASE("a transport_url that cannot be used is told by its place, without its passwords") {
  const std::string place = "a.conf:2: transport_url: ";
  CHECK(refused_url("rabbit://h/").starts_with("none"));
  CHECK(refused_url("no scheme").starts_with(place + "there is no scheme"));
  const std::string slash = refused_url("rabbit://me:hid/den@h/");
  CHECK(slash.starts_with(place + "a port that is no number"));
  CHECK(slash.find("hid") == std::string::npos);
  CHECK(refused_url("pigeon://h/") ==
        place + "Failed to load transport driver \"pigeon\": there is none of that name");
  CHECK(refused_url("rabbit://me:it@h/?nonsense=1") == place + "there is no option \"nonsense\"");
  CHECK(refused_url("local://relative").starts_with(place));
}

}  // namespace
