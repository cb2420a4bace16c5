// rpc_contract_client: calls everything that a server of the conformance harness offers, and says
// what of it was as it should be: "N passed, N failed".
//
//   rpc_contract_client --url rabbit://guest:guest@127.0.0.1:5672/ --topic conf --server s1
//   rpc_contract_client ... --outstanding 64 --seconds 10
//       so many calls at a time for so long; prints calls/s, p50 and p99
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>
#include <thane/rpc/rabbit_options.hpp>

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

class Tally {
 public:
  void check(const std::string& name, bool good, const std::string& found) {
    ++(good ? passed_ : failed_);
    std::printf("%s %s%s\n", good ? "PASS" : "FAIL", name.c_str(),
                good ? "" : (": " + found).c_str());
  }
  void equal(const std::string& name, const json& found, const json& wanted) {
    // 1.0 is no 1; but there are several types of integers.
    check(name, found == wanted && found.is_number_float() == wanted.is_number_float(),
          "got " + found.dump(-1, ' ', true, json::error_handler_t::replace));
  }
  // Calls, which has to throw an Error that `judge` finds good.
  template <class Error>
  void throws(const std::string& name, const std::function<void()>& call,
              const std::function<bool(const Error&)>& judge) {
    try {
      call();
      check(name, false, "nothing was thrown");
    } catch (const Error& error) {
      check(name, judge(error), error.what());
    } catch (const std::exception& error) {
      check(name, false, std::string{"another exception: "} + error.what());
    }
  }
  int finish() const {
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

struct Contract {
  rpc::Transport transport;
  rpc::Client client;  // Any server of the topic.
  rpc::Client one;     // The one of --server.
  Tally tally{};

  json echo(json value) { return client.call("echo", {{"arg", std::move(value)}}); }

  void values() {
    const json all = {
        {"string", "hello"},
        {"empty", ""},
        {"unicode", "žluťoučký 漢字 \xF0\x9F\x98\x80 \x1f\"\\/"},
        {"nul", std::string("a\0b", 3)},
        {"negative", -7},
        {"int64-max", std::numeric_limits<std::int64_t>::max()},
        {"int64-min", std::numeric_limits<std::int64_t>::min()},
        {"uint64-max", std::numeric_limits<std::uint64_t>::max()},
        {"tiny", 5e-324},
        {"17-digits", 0.1 + 0.2},
        {"true", true},
        {"null", nullptr},
        {"list", {1, "a", nullptr, {2.5}}},
        {"empty-list", json::array()},
        {"empty-object", json::object()},
        {"object", {{"k", {{"n", {1, {{"x", nullptr}}}}}}, {"ž", "ü"}}},
    };
    for (const auto& [name, value] : all.items()) tally.equal("echo." + name, echo(value), value);
    const std::string large(1 << 20, 'x');
    tally.equal("echo.1MiB", echo(large), large);
    json nested = "deep";
    for (int i = 0; i < 60; ++i) nested = json::array({nested});
    tally.equal("echo.depth-60", echo(nested), nested);
    const json infinite = std::numeric_limits<double>::infinity();
    tally.equal("echo.infinity", echo(infinite), infinite);
    tally.equal("add.int", client.call("add", {{"a", 2}, {"b", 3}}), 5);
    tally.equal("add.float", client.call("add", {{"a", 0.5}, {"b", 0.25}}), 0.75);
  }

  void addressing() {
    tally.equal("server", one.call("echo", {{"arg", 1}}), 1);
    tally.equal("namespace", one.prepare({.name_space = "ns1"}).call("ping"), "pong");
    const json context = {{"user_id", "u1"}, {"roles", {"a", "b"}}, {"none", nullptr}};
    json seen = client.call(rpc::Context{context}, "ctx", json::object());
    seen.erase("client_timeout");  // Python's own.
    tally.equal("context", seen, context);
  }

  void casts() {
    const int before = one.call("get_count").get<int>();
    one.cast("bump");
    one.prepare({.fanout = true}).cast("bump");
    client.prepare({.version = "1.0"}).cast("bump");
    int found = before;
    for (int i = 0; i < 100 && found < before + 2; ++i) {
      thane::this_fiber::sleep_for(50ms);
      found = one.call("get_count").get<int>();
    }
    tally.check("casts", found >= before + 2, std::to_string(found - before));
    client.prepare({.topic = "nobody-listens"}).cast("bump");
    tally.check("cast.nobody", true, {});
    tally.throws<rpc::MessageUndeliverable>(
        "cast.at-least-once",
        [&] { client.prepare({.topic = "nobody", .at_least_once = true}).cast("bump"); },
        [](const auto&) { return true; });
  }

  void fails(const std::string& kind, const std::string& type, const std::string& module) {
    tally.throws<rpc::RemoteError>(
        "fail." + kind,
        [&] {
          client.call("fail", {{"kind", kind}, {"msg", "boom ž"}});
        },
        [&](const rpc::RemoteError& error) {
          return error.exc_type() == type && error.module() == module &&
                 !error.traceback().empty() && error.args() == json::array({"boom ž"});
        });
  }

  void refused(const std::string& name, const rpc::Client& by, const std::string& method,
               const json& args, const std::string& type) {
    tally.throws<rpc::RemoteError>(
        name, [&] { by.call(method, args); },
        [&](const rpc::RemoteError& error) { return error.exc_type() == type; });
  }

  void failures() {
    fails("ValueError", "ValueError", "builtins");
    fails("KeyError", "KeyError", "builtins");
    fails("RuntimeError", "RuntimeError", "builtins");
    fails("Custom", "ConformanceError", "conformance_exc");
    fails("Foreign", "ForeignError", "conformance_foreign");
    rpc::KnownErrors known;
    known.add("conformance_exc", "ConformanceError", [](const rpc::RemoteError& error) {
      throw std::domain_error(error.value() + error.kwargs().at("code").dump());
    });
    const rpc::Client knowing{transport, client.target(), {.errors = known}};
    tally.throws<std::domain_error>(
        "fail.known",
        [&] {
          knowing.call("fail", {{"kind", "Custom"}, {"msg", "m"}});
        },
        [](const auto& error) { return std::string{error.what()} == "m42"; });
    refused("no-method", client, "nope", json::object(), "NoSuchMethod");
    refused("private", client, "_private", json::object(), "NoSuchMethod");
    refused("version", client.prepare({.version = "1.4"}), "echo", {{"arg", 1}},
            "UnsupportedVersion");
    refused("namespace.unknown", client.prepare({.name_space = "no"}), "ping", json::object(),
            "UnsupportedVersion");
    refused("arguments", client, "echo", {{"wrong", 1}}, "TypeError");
    tally.throws<rpc::RPCVersionCapError>(
        "version-cap",
        [&] {
          client.prepare({.version = "1.3", .version_cap = "1.2"}).call("echo", {{"arg", 1}});
        },
        [](const auto&) { return true; });
  }

  void times() {
    const auto limited = client.prepare({.timeout = 500ms});
    tally.throws<rpc::MessagingTimeout>(
        "timeout",
        [&] {
          limited.call("slow", {{"seconds", 1.5}});
        },
        [](const auto&) { return true; });
    tally.throws<rpc::MessagingTimeout>(
        "timeout.nobody",
        [&] {
          limited.prepare({.topic = "nobody"}).call("echo", {{"arg", 1}});
        },
        [](const auto&) { return true; });
    const auto watched = client.prepare({.timeout = 20s, .call_monitor_timeout = 2s});
    tally.equal("call-monitor", watched.call("slow", {{"seconds", 3}}), 3);
    std::vector<thane::Fiber> fibers;
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
      fibers.push_back(thane::FiberLoop::current().spawn([this, &answered, i] {
        if (client.call("slow", {{"seconds", 0.3}}) == 0.3 && echo(i) == i) ++answered;
      }));
    }
    for (const auto& fiber : fibers) fiber.wait();
    tally.equal("concurrent", answered, 20);
  }

  // How an old server, a newer one or a broken one answers.
  void adversary() {
    const auto odd = one.prepare({.name_space = "adversary", .version = "1.0", .timeout = 3s});
    const json args{{"value", {1, "x"}}};
    for (const char* way : {"two_part", "two_part_bare", "duplicate", "no_envelope",
                            "garbage_first", "foreign_msg_id_first", "extra_keys", "no_unique_id",
                            "no_failure_key", "unasked_heartbeat"}) {
      try {
        tally.equal(way, odd.call(way, args), args["value"]);
      } catch (const std::exception& error) {
        tally.check(way, false, error.what());
      }
    }
    for (const char* way : {"result_and_failure", "failure_unknown_class", "failure_no_tb",
                            "failure_base_exception", "failure_py2_module"}) {
      tally.throws<rpc::RemoteError>(
          way, [&] { odd.call(way, args); },
          [](const rpc::RemoteError& error) { return error.value() == "m"; });
    }
    for (const char* way : {"no_ending", "envelope_2_1"}) {
      tally.throws<rpc::MessagingTimeout>(
          way, [&] { odd.prepare({.timeout = 1s}).call(way, args); },
          [](const auto&) { return true; });
    }
  }

  int all() {
    values();
    addressing();
    casts();
    failures();
    times();
    const auto control = one.prepare({.name_space = "control", .version = "1.0"});
    try {  // Only the server in Python has these two.
      (void)one.prepare({.name_space = "adversary", .version = "1.0", .timeout = 1s})
          .call("no_envelope", {{"value", 1}});
      adversary();
      (void)control.call("finish");
    } catch (const rpc::RemoteError&) {
    }
    return tally.finish();
  }
};

void load(const rpc::Client& client, int outstanding, std::chrono::seconds seconds) {
  using Clock = std::chrono::steady_clock;
  (void)client.call("echo", {{"arg", 1}});
  std::vector<Clock::duration> times;
  const auto begin = Clock::now();
  std::vector<thane::Fiber> fibers;
  for (int i = 0; i < outstanding; ++i) {
    fibers.push_back(thane::FiberLoop::current().spawn([&] {
      for (auto last = Clock::now(); last - begin < seconds;) {
        (void)client.call("echo", {{"arg", 1}});
        const auto now = Clock::now();
        times.push_back(now - last);
        last = now;
      }
    }));
  }
  for (const auto& fiber : fibers) fiber.wait();
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::ranges::sort(times);
  const auto at = [&](double part) {
    const auto index = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1));
    return std::chrono::duration<double, std::milli>(times[index]).count();
  };
  std::printf("%.0f calls/s, p50 %.3f ms, p99 %.3f ms\n", static_cast<double>(times.size()) / took,
              at(0.5), at(0.99));
}

thane::OptGroup own_options() {
  return {
      "DEFAULT",
      {thane::Opt<std::string>{.name = "url", .help = "The transport_url of the server."},
       thane::Opt<std::string>{.name = "topic", .default_value = "conf", .help = "Topic to call."},
       thane::Opt<std::string>{.name = "server", .default_value = "s1", .help = "Server to call."},
       thane::Opt<int>{.name = "outstanding", .help = "Calls at a time, for a load run."},
       thane::Opt<std::chrono::seconds>{
           .name = "seconds", .default_value = 5s, .help = "How long a load run takes."}}};
}

}  // namespace

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv, {own_options(), rpc::rabbit_options()});
  thane::FiberLoop loop;
  int status = 0;
  loop.run([&] {
    const auto transport = rpc::Transport::from(config.get<std::string>("url"));
    const rpc::Target target{.topic = config.get<std::string>("topic"), .version = "1.3"};
    const rpc::Client client{transport, target, {.timeout = 10s}};
    if (const int outstanding = config.get<int>("outstanding"); outstanding > 0) {
      load(client, outstanding, config.get<std::chrono::seconds>("seconds"));
      return;
    }
    const auto one =
        client.prepare({.version = "1.0", .server = config.get<std::string>("server")});
    status = Contract{.transport = transport, .client = client, .one = one}.all();
  });
  return status;
}
