// Config::pack() and unpack(): a snapshot on its way to another process.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/config.hpp>

using namespace std::chrono_literals;
using thane::Config;
using thane::Opt;

namespace {

std::vector<thane::OptGroup> packed_groups() {
  using Texts = std::vector<std::string>;
  return {{"all",
           {Opt<bool>{.name = "flag"}, Opt<int>{.name = "number"},
            Opt<std::int64_t>{.name = "large"}, Opt<double>{.name = "part"},
            Opt<std::string>{.name = "text", .secrecy = thane::Secrecy::secret},
            Opt<std::chrono::seconds>{.name = "whole"},
            Opt<std::chrono::milliseconds>{.name = "fine"}, Opt<Texts>{.name = "list"}}}};
}

TEST_CASE("a snapshot of every type of value comes out as it went in, origins and secrets too") {
  const Config sender =
      Config::parse({"--all-flag", "--all-number=-7", "--all-large=9007199254740993",
                     "--all-part=0.1", "--all-text=a\xff\x01 $$b,c", "--all-whole=2h",
                     "--all-fine=1500ms", "--all-list=a,b", "--all-list=c"},
                    packed_groups());
  const Config receiver = Config::parse({}, packed_groups());
  const auto values = receiver.unpack(sender.pack(*sender.snapshot()));

  CHECK(values->get<bool>("all.flag"));
  CHECK(values->get<int>("all.number") == -7);
  CHECK(values->get<std::int64_t>("all.large") == 9007199254740993);
  CHECK(values->get<double>("all.part") == 0.1);
  CHECK(values->get<std::string>("all.text") == "a\xff\x01 $b,c");
  CHECK(values->get<std::chrono::seconds>("all.whole") == 2h);
  CHECK(values->get<std::chrono::milliseconds>("all.fine") == 1500ms);
  CHECK(values->get<std::vector<std::string>>("all.list") ==
        std::vector<std::string>{"a", "b", "c"});
  const auto sent = sender.snapshot()->entries();
  const auto received = values->entries();
  REQUIRE(sent.size() == received.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i].origin == received[i].origin);
  }
  CHECK(receiver.get<int>("all.number") == 0);  // Not taken up.
}

TEST_CASE("octets that are no snapshot are refused") {
  const Config config = Config::parse({}, packed_groups());
  const std::string octets = config.pack(*config.snapshot());
  CHECK_THROWS_AS(config.unpack(""), std::runtime_error);
  CHECK_THROWS_AS(config.unpack("\x80"), std::runtime_error);
  CHECK_THROWS_AS(config.unpack(octets.substr(0, octets.size() - 1)), std::runtime_error);
}

}  // namespace
