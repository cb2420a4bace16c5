// http_contract: an application that shows everything a WSGI server has to get right, for programs
// that look at it from outside. It prints READY when it serves.
//
//   http_contract --port 8080 --workers 2
//       [--tls-cert F --tls-key F [--tls-ca F --tls-client-cert required|optional]
//        [--tls-sni NAME=CERT,KEY]...] [--config-file F]
//
//   /_c/NAME     what NAME says: see the tables below
//   /_c/environ  the environ, as JSON
//   any other    the request, as JSON
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/check.hpp>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/unique_fd.hpp>
#include <thane/wsgi.hpp>

#include "support/answers.hpp"
#include "support/in_full.hpp"
#include "support/octets_as_text.hpp"
#include "support/tell_ready.hpp"

namespace wsgi = thane::wsgi;

namespace {

using namespace contract;
using Json = nlohmann::ordered_json;
using wsgi::Body;
using wsgi::Environ;
using wsgi::StartResponse;

Body echo(Environ& request, const StartResponse& start_response) {
  const std::string body = request.input().read();
  Json answer{{"contract_echo", 1},
              {"method", request.get("REQUEST_METHOD")},
              {"path", latin1(request.get("PATH_INFO"))},
              {"query", latin1(request.get("QUERY_STRING"))},
              {"len", body.size()},
              {"host", latin1(request.get("HTTP_HOST"))},
              {"version", request.get("SERVER_PROTOCOL")}};
  if (body.size() <= 65536) answer["body_b64"] = base64(body);
  return json(start_response, answer);
}

Json as_json(const Environ::Value& value) {
  if (const auto* const words = std::get_if<std::string>(&value)) return latin1(*words);
  if (const auto* const flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* const version = std::get_if<std::array<int, 2>>(&value)) return *version;
  return "<any>";
}

Body environ_as_json(Environ& request, const StartResponse& start_response) {
  Json all{{"wsgi.input", "<Input>"}, {"wsgi.errors", "<ErrorStream>"}};
  for (const auto& [name, value] : request.all()) all[latin1(name)] = as_json(value);
  return json(start_response, all);
}

int closes = 0;

// Yields `good`, and fails then.
Body failing(std::vector<std::string> good, const char* what, bool counted = false) {
  return wsgi::generate(
      [good = std::move(good), what, at = std::size_t{0}]() mutable -> std::optional<std::string> {
        if (at == good.size()) throw std::runtime_error(what);
        return good[at++];
      },
      counted ? [] { ++closes; } : std::function<void()>{});
}

// So many pieces, each made when it is due.
Body yields(std::size_t count, std::function<std::string(std::size_t)> make,
            std::function<void()> close = nullptr) {
  return wsgi::generate(
      [count, make = std::move(make), at = std::size_t{0}]() mutable -> std::optional<std::string> {
        if (at == count) return std::nullopt;
        return make(at++);
      },
      std::move(close));
}

Body status(std::string_view code, const StartResponse& start_response) {
  if (code == "204" || code == "304") {
    start_response(std::string{code} + " X", {});
    return wsgi::pieces({});
  }
  start_response(std::string{code} + " Custom Reason", text_and("Content-Length", "1"));
  return wsgi::piece("x");
}

std::string numbered(std::size_t number, std::size_t times) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%05zu", number);
  std::string all;
  while (times-- > 0) all += digits;
  return all;
}

Body stream(Environ& request, const StartResponse& start_response) {
  start_response("200 OK", text);
  const auto size = static_cast<std::size_t>(query_number(request, "size", 2));
  return yields(static_cast<std::size_t>(query_number(request, "n", 5)),
                [size](std::size_t i) { return numbered(i, size); });
}

Body big(Environ& request, const StartResponse& start_response) {
  const auto size = static_cast<std::size_t>(query_number(request, "n", 1'000'000));
  start_response("200 OK", text_and("Content-Length", std::to_string(size)));
  static constexpr std::size_t most = 65536;
  return yields((size + most - 1) / most, [size](std::size_t i) {
    return std::string(std::min(most, size - i * most), 'q');
  });
}

Body written(Environ&, const StartResponse& start_response) {
  const auto write = start_response("200 OK", text);
  write("one;");
  write("two;");
  return wsgi::piece("three");
}

Body replaced(Environ&, const StartResponse& start_response) {
  try {
    start_response("200 OK", text);
    throw std::invalid_argument("x");
  } catch (const std::invalid_argument&) {
    start_response("503 Replaced", text, std::current_exception());
    return wsgi::piece("replaced");
  }
}

Body replaced_after_write(Environ&, const StartResponse& start_response) {
  start_response("200 OK", text)("first");
  start_response("503 Late", text, std::make_exception_ptr(std::invalid_argument("late")));
  return wsgi::piece("NEVER");
}

Body replaced_too_late(Environ&, const StartResponse& start_response) {
  start_response("200 OK", text);
  return wsgi::generate([start_response, at = 0]() mutable -> std::optional<std::string> {
    if (at++ == 0) return "first";
    if (at > 2) return std::nullopt;
    start_response("503 Late", text, std::make_exception_ptr(std::invalid_argument("late")));
    return "NEVER";
  });
}

Body lines(Environ& request, const StartResponse& start_response) {
  wsgi::Input& input = request.input();
  Json answer{{"l1", latin1(input.readline())}, {"l2", latin1(input.readline())}};
  answer["rest"] = Json::array();
  for (const std::string& line : input) answer["rest"].push_back(latin1(line));
  return json(start_response, answer);
}

Body limited(Environ& request, const StartResponse& start_response) {
  wsgi::Input& input = request.input();
  Json answer{{"read", latin1(input.read(2))}, {"readline", latin1(input.readline(3))}};
  answer["hint"] = input.readlines(4);
  answer["rest"] = input.readlines();
  return json(start_response, answer);
}

Body overread(Environ& request, const StartResponse& start_response) {
  const auto all = request.input().read().size();
  return json(start_response, {{"a", all}, {"b", request.input().read(10).size()}});
}

Body complain(Environ& request, const StartResponse& start_response) {
  request.errors().write("first complaint\nsecond");
  request.errors().write(" complaint");
  request.errors().flush();
  return json(start_response, {{"complained", 1}});
}

// The second piece is not there before another request has asked for it.
thane::Event released;

Body held(Environ&, const StartResponse& start_response) {
  start_response("200 OK", text);
  return yields(2, [](std::size_t i) {
    if (i == 0) return "first";
    released.wait();
    return "second";
  });
}

Body release(Environ&, const StartResponse& start_response) {
  released.set();
  return json(start_response, {{"released", 1}});
}

Body started_by_the_body(Environ&, const StartResponse& start_response) {
  return wsgi::generate([start_response, at = 0]() mutable -> std::optional<std::string> {
    if (at == 0) start_response("202 Begun", text);
    return at++ == 0 ? std::optional{"begun"} : std::nullopt;
  });
}

Body sleep(Environ& request, const StartResponse& start_response) {
  thane::this_fiber::sleep_for(std::chrono::duration_cast<thane::Duration>(
      std::chrono::duration<double>{query_number(request, "s", 0.5)}));
  return json(start_response, {{"slept", 1}});
}

// The wrapper of the environ around a file of so many octets.
Body file(Environ& request, const StartResponse& start_response) {
  const auto size = static_cast<std::size_t>(query_number(request, "n", 100'000));
  thane::UniqueFd made{::memfd_create("file", MFD_CLOEXEC)};
  const std::string octets(size, 'f');
  thane::check(::write(made.get(), octets.data(), octets.size()), "write");
  thane::check(::lseek(made.get(), 0, SEEK_SET), "lseek");
  start_response("200 OK", text);
  const auto wrap = *request.object<wsgi::FileWrapper>("wsgi.file_wrapper");
  return wrap(std::move(made), wsgi::default_block);
}

Body twice(Environ&, const StartResponse& start_response) {
  start_response("200 OK", text);
  start_response("201 Again", text);
  return wsgi::piece("twice");
}

using Table = std::map<std::string, wsgi::WsgiApplication, std::less<>>;

void add_errors(Table& table) {
  table["raise-before"] = [](Environ&, const StartResponse&) -> Body {
    throw std::runtime_error("before");
  };
  table["no-start"] = [](Environ&, const StartResponse&) { return wsgi::piece("never started"); };
  table["raise-after-start"] = returning([]() -> Body { throw std::runtime_error("after start"); });
  table["raise-mid"] = returning([] { return failing({"first"}, "mid"); });
  table["raise-first-next"] = returning([] { return failing({}, "first next", true); });
  table["close-iter-raise"] = returning([] { return failing({"a"}, "x", true); });
  table["excinfo"] = replaced;
  table["excinfo-late"] = replaced_too_late;
  table["start-twice"] = twice;
  table["crlf-header"] = fixed(
      "200 OK",
      {{"Content-Type", "text/plain"}, {"X-Bad", "a\r\nInjected: yes"}, {"Content-Length", "0"}},
      {});
  table["nul-header"] = fixed("200 OK", text_and("X-Bad", std::string("a\0Injected: yes", 15)), {});
  table["crlf-name"] = fixed("200 OK", text_and("X-Bad: a\r\nInjected", "yes"), {});
  table["nul-status"] = fixed(std::string("200 OK\0Injected", 15), text, {});
  table["raise-after-empty"] = returning([] { return failing({"", ""}, "after nothing", true); });
  table["excinfo-written"] = replaced_after_write;
  table["crlf-status"] = fixed("200 OK\r\nInjected: yes", text_and("Content-Length", "0"), {});
}

void add_bodies(Table& table) {
  const auto count = [] { ++closes; };
  table["stream"] = stream;
  table["stream-empty-strings"] = fixed("200 OK", text, {"a", "", "b", ""});
  table["write"] = written;
  table["short"] = fixed("200 OK", text_and("Content-Length", "10"), {"12345"});
  table["long"] = fixed("200 OK", text_and("Content-Length", "5"), {"12345", "67890"});
  table["close-iter"] = returning([count] {
    return yields(
        2, [](std::size_t i) { return i == 0 ? "a" : "b"; }, count);
  });
  // More than is declared, and more than the status allows: closed in the middle.
  table["close-long"] = [count](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text_and("Content-Length", "5"));
    return yields(
        3, [](std::size_t) { return "12345"; }, count);
  };
  table["close-204"] = [count](Environ&, const StartResponse& start_response) {
    start_response("204 X", {});
    return yields(
        2, [](std::size_t) { return "body"; }, count);
  };
  table["held"] = held;
  table["release"] = release;
  table["start-in-body"] = started_by_the_body;
  table["close-big"] = returning([count] {
    return yields(
        2000, [](std::size_t) { return std::string(65536, 'z'); }, count);
  });
  table["close-count"] = [](Environ&, const StartResponse& start_response) {
    return json(start_response, {{"closes", closes}});
  };
  table["empty"] = fixed("200 OK", text, {});
  table["empty-string"] = fixed("200 OK", text, {""});
  table["one"] = fixed("200 OK", text, {"exactly"});
  table["big"] = big;
  table["file"] = file;
}

Table make_table() {
  Table table;
  add_errors(table);
  add_bodies(table);
  table["noread"] = [](Environ&, const StartResponse& start_response) {
    return json(start_response, {{"noread", 1}});
  };
  table["partial"] = [](Environ& request, const StartResponse& start_response) {
    return json(start_response, {{"got", latin1(request.input().read(3))}});
  };
  table["overread"] = overread;
  table["lines"] = lines;
  table["limited"] = limited;
  table["complain"] = complain;
  table["sleep"] = sleep;
  table["cookies"] = fixed("200 OK",
                           {{"Content-Type", "text/plain"},
                            {"Set-Cookie", "a=1"},
                            {"Set-Cookie", "b=2"},
                            {"Content-Length", "0"}},
                           {""});
  table["hop"] = fixed("200 OK",
                       {{"Content-Type", "text/plain"},
                        {"Transfer-Encoding", "chunked"},
                        {"Connection", "keep-alive"},
                        {"Content-Length", "3"}},
                       {"hop"});
  table["hop-all"] = fixed("200 OK",
                           {{"Content-Type", "text/plain"},
                            {"Connection", "upgrade, x-own"},
                            {"Keep-Alive", "timeout=9"},
                            {"Proxy-Connection", "keep-alive"},
                            {"TE", "trailers"},
                            {"Trailer", "X-After"},
                            {"Transfer-Encoding", "gzip, chunked"},
                            {"Upgrade", "h2c"}},
                           {"hop"});
  table["date"] = fixed("200 OK",
                        {{"Content-Type", "text/plain"},
                         {"Date", "Mon, 01 Jan 2001 00:00:00 GMT"},
                         {"Server", "mine"},
                         {"Content-Length", "0"}},
                        {});
  return table;
}

Body application(Environ& request, const StartResponse& start_response) {
  static const Table table = make_table();
  std::string_view path = request.get("PATH_INFO");
  constexpr std::string_view folder = "/_c/";
  if (!path.starts_with(folder)) return echo(request, start_response);
  path.remove_prefix(folder.size());
  if (path.starts_with("status/")) return status(path.substr(7), start_response);
  if (path.starts_with("environ")) return environ_as_json(request, start_response);
  if (const auto known = table.find(path); known != table.end()) {
    return known->second(request, start_response);
  }
  start_response("404 Not Found", text_and("Content-Length", "0"));
  return wsgi::pieces({});
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments = contract::in_full(argc, argv);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const auto config = thane::Config::from_command_line(
      static_cast<int>(pointers.size()), pointers.data(),
      {thane::launcher_options(), {"DEFAULT", {thane::workers_opt()}}, wsgi::options("web")});
  auto web = std::make_unique<wsgi::Server>(config, "web", wsgi::from_wsgi(application));
  const int workers = config.get<int>("workers");
  auto launcher = thane::launch(config, std::move(web), {.workers = workers});
  launcher->set_hooks(contract::tell_ready(workers));
  return launcher->wait();
}
