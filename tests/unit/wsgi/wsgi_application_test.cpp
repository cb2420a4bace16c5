#include <thane/wsgi/wsgi_application.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_local.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>

#include "connection.hpp"
#include "made_request.hpp"
#include "memory_transport.hpp"

using namespace thane;
using namespace std::chrono_literals;
using testing::MemoryTransport;
using wsgi::Body;
using wsgi::Environ;
using wsgi::StartResponse;

namespace {

const StartResponse::Headers text{{"Content-Type", "text/plain"}};

void on_a_fiber(std::function<void()> body) {
  FiberLoop loop{{.time = Time::simulated}};
  loop.run(std::move(body));
}

// What `application` answers, as it goes over the wire.
std::string answer_of(const wsgi::Application& application, std::string method = "GET",
                      std::string version = "1.1") {
  std::string output;
  on_a_fiber([&] {
    wsgi::internal::Site site;
    site.application = application;
    MemoryTransport transport{method + " / HTTP/" + version + "\r\nHost: h\r\n\r\n"};
    wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
    output = transport.output;
    if (transport.aborted) output += "[aborted]";
  });
  return output;
}

std::string answer_of(wsgi::WsgiApplication application, std::string method = "GET") {
  return answer_of(wsgi::from_wsgi(std::move(application)), std::move(method));
}

bool ends_with_body(const std::string& answer, std::string_view body) {
  return answer.ends_with("\r\n\r\n" + std::string{body});
}

bool holds(const std::string& answer, std::string_view words) {
  return answer.find(words) != std::string::npos;
}

struct Counted {
  int closes = 0;
  Body body(std::vector<std::string> all, bool fails = false) {
    return wsgi::generate(
        [all = std::move(all), fails, at = std::size_t{0}]() mutable -> std::optional<std::string> {
          if (at < all.size()) return all[at++];
          if (fails) throw std::runtime_error("fails on purpose");
          return std::nullopt;
        },
        [this] { ++closes; });
  }
};

TEST_CASE("the only piece of a body gets a Content-Length, several are chunked") {
  const auto answer = answer_of([](Environ&, const StartResponse& start_response) {
    start_response("201 Made Here", text);
    return wsgi::piece("only");
  });
  CHECK(answer.starts_with("HTTP/1.1 201 Made Here\r\nContent-Type: text/plain\r\n"));
  CHECK(holds(answer, "Content-Length: 4\r\n"));
  CHECK(ends_with_body(answer, "only"));

  const auto several = answer_of([](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text);
    return wsgi::pieces({"a", "", "bc", ""});
  });
  CHECK(ends_with_body(several, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"));
}

TEST_CASE("what write() was given goes first, each piece before write() returns") {
  std::vector<std::string> seen;
  on_a_fiber([&] {
    wsgi::internal::Site site;
    MemoryTransport transport{"GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
    site.application = wsgi::from_wsgi([&](Environ&, const StartResponse& start_response) {
      const auto write = start_response("200 OK", text);
      write("one");
      seen.push_back(transport.output);
      write("");
      this_fiber::sleep_for(1s);
      write("two");
      seen.push_back(transport.output);
      return wsgi::piece("three");
    });
    wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
    seen.push_back(transport.output);
  });
  REQUIRE(seen.size() == 3);
  CHECK(ends_with_body(seen[0], "3\r\none\r\n"));
  CHECK(ends_with_body(seen[1], "3\r\none\r\n3\r\ntwo\r\n"));
  CHECK(ends_with_body(seen[2], "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"));
}

TEST_CASE("until the first piece an error gives a clean 500, later it cuts the connection") {
  const auto before = answer_of([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", text);
    throw std::runtime_error("before");
  });
  CHECK(before.starts_with("HTTP/1.1 500 "));
  CHECK_FALSE(holds(before, "before"));

  Counted counted;
  const auto first = answer_of([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text);
    return counted.body({}, true);
  });
  CHECK(first.starts_with("HTTP/1.1 500 "));
  const auto later = answer_of([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text);
    return counted.body({"a"}, true);
  });
  CHECK(ends_with_body(later, "1\r\na\r\n"));
  CHECK(counted.closes == 2);
}

TEST_CASE("an error after write() cuts the connection as well") {
  const auto answer = answer_of([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", text)("begun");
    throw std::runtime_error("on purpose");
  });
  CHECK(ends_with_body(answer, "5\r\nbegun\r\n"));
}

TEST_CASE("start_response is called once, unless there is an error to tell") {
  CHECK(answer_of([](Environ&, const StartResponse&) {
          return wsgi::piece("x");
        }).starts_with("HTTP/1.1 500 "));
  CHECK(answer_of([](Environ&, const StartResponse& start_response) {
          start_response("200 OK", text);
          start_response("201 Again", text);
          return wsgi::piece("x");
        }).starts_with("HTTP/1.1 500 "));

  const auto error = std::make_exception_ptr(std::runtime_error("told"));
  const auto replaced = answer_of([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"X-Old", "1"}});
    start_response("503 Replaced", {{"X-New", "1"}}, error);
    return wsgi::piece("replaced");
  });
  CHECK(replaced.starts_with("HTTP/1.1 503 Replaced\r\nX-New: 1\r\n"));
  CHECK_FALSE(holds(replaced, "X-Old"));

  const auto late = answer_of([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text)("first");
    start_response("503 Late", text, error);
    return wsgi::piece("never");
  });
  CHECK(late.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(ends_with_body(late, "5\r\nfirst\r\n"));
}

TEST_CASE("an empty write() sends nothing: the head may still be replaced") {
  const auto error = std::make_exception_ptr(std::runtime_error("told"));
  const auto replaced = answer_of([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", text)("");
    start_response("503 Replaced", text, error);
    return wsgi::piece("replaced");
  });
  CHECK(replaced.starts_with("HTTP/1.1 503 Replaced\r\n"));
  CHECK(holds(replaced, "Content-Length: 8\r\n"));
}

TEST_CASE("control characters and what is no status are refused") {
  for (const char* const status :
       {"200 OK\r\nA: b", "200", "99 Low", "600 High", "OK", "20x Odd"}) {
    CAPTURE(status);
    const auto answer = answer_of([&](Environ&, const StartResponse& start_response) {
      start_response(status, text);
      return wsgi::piece("x");
    });
    CHECK(answer.starts_with(std::string{status} == "200" ? "HTTP/1.1 200 " : "HTTP/1.1 500 "));
  }
  for (const char* const value : {"a\r\nb", "a\nb", "\x01"}) {
    const auto answer = answer_of([&](Environ&, const StartResponse& start_response) {
      start_response("200 OK", {{"X-Value", value}});
      return wsgi::piece("x");
    });
    CHECK(answer.starts_with("HTTP/1.1 500 "));
  }
}

TEST_CASE("a declared length cuts what is longer, and shows what is shorter by closing") {
  const auto with_length = [](const char* length, std::vector<std::string> all) {
    return answer_of([=](Environ&, const StartResponse& start_response) {
      start_response("200 OK", {{"Content-Length", length}});
      return wsgi::pieces(all);
    });
  };
  CHECK(ends_with_body(with_length("5", {"12345", "67890"}), "12345"));
  CHECK(ends_with_body(with_length("5", {"1234567"}), "12345"));
  CHECK(ends_with_body(with_length("10", {"12345"}), "12345"));
  CHECK(with_length("10", {}).starts_with("HTTP/1.1 500 "));  // Nothing was sent yet.
}

TEST_CASE("HEAD has the head alone, and the body is closed") {
  Counted counted;
  const auto answer = answer_of(
      [&](Environ&, const StartResponse& start_response) {
        start_response("200 OK", {{"Content-Length", "2"}});
        return counted.body({"a", "b"});
      },
      "HEAD");
  CHECK(holds(answer, "Content-Length: 2\r\n"));
  CHECK(ends_with_body(answer, ""));
  CHECK(counted.closes == 1);
}

TEST_CASE("the body is closed once when the client has gone") {
  Counted counted;
  bool unwound = false;
  on_a_fiber([&] {
    for (const bool writes : {false, true}) {
      wsgi::internal::Site site;
      site.application = wsgi::from_wsgi([&](Environ&, const StartResponse& start_response) {
        struct Unwinds {
          bool& flag;
          ~Unwinds() { flag = true; }
        } unwinds{unwound};
        const auto write = start_response("200 OK", text);
        if (writes) write("one"), write("two");
        return counted.body({"a", "b"});
      });
      MemoryTransport transport{"GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
      transport.broken = true;
      unwound = false;
      wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
      CHECK(unwound);
    }
  });
  CHECK(counted.closes == 1);  // The second had written, and never came to its body.
}

TEST_CASE("a time limit around an application ends it wherever it waits") {
  bool unwound = false;
  on_a_fiber([&] {
    wsgi::internal::Site site;
    const auto inner = wsgi::from_wsgi([&](Environ&, const StartResponse&) -> Body {
      struct Unwinds {
        bool& flag;
        ~Unwinds() { flag = true; }
      } unwinds{unwound};
      this_fiber::sleep_for(1h);
      return nullptr;
    });
    site.application = [&](wsgi::Request& request) {
      const Timeout limit{1s};
      return inner(request);
    };
    MemoryTransport transport{"GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
    wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
    CHECK(transport.output.starts_with("HTTP/1.1 500 "));
  });
  CHECK(unwound);
}

TEST_CASE("an application has the FiberLocals of its connection, before and after write()") {
  FiberLocal<std::string> name;
  std::vector<std::string> seen;
  const auto inner = wsgi::from_wsgi([&](Environ&, const StartResponse& start_response) {
    seen.push_back(*name);
    *name += " changed";
    start_response("200 OK", text)("written");
    seen.push_back(*name);
    return wsgi::generate([&]() -> std::optional<std::string> {
      seen.push_back(*name);
      return std::nullopt;
    });
  });
  answer_of([&](wsgi::Request& request) {
    *name = "request 1";
    auto response = inner(request);
    seen.push_back(*name);
    return response;
  });
  CHECK(seen == std::vector<std::string>{"request 1", "request 1 changed", "request 1 changed",
                                         "request 1 changed"});
}

TEST_CASE("an Application in the WSGI form sees what the environ says, and answers the same") {
  const wsgi::Application plain = [](wsgi::Request& request) {
    auto response = wsgi::Response::text(
        std::string{request.method()} + " " + std::string{request.path()} + " " +
        std::string{request.header("X-Added").value_or("")} + " " + request.read_all());
    return response.set_status(202, "Fine").add_header("X-Answer", "yes");
  };
  const auto wrapped = wsgi::from_wsgi(
      [inner = wsgi::to_wsgi(plain)](Environ& variables, const StartResponse& start_response) {
        variables.set("HTTP_X_ADDED", "added");
        variables.set("PATH_INFO", "/chan ged%");
        return inner(variables, start_response);
      });
  const auto answer = answer_of(wrapped);
  CHECK(answer.starts_with("HTTP/1.1 202 Fine\r\nX-Answer: yes\r\n"));
  CHECK(holds(answer, "Content-Type: text/plain"));
  CHECK(holds(answer, "Content-Length: 21\r\n"));
  CHECK(ends_with_body(answer, "GET /chan ged% added "));
}

TEST_CASE("a stream stays one in both directions") {
  int pieces = 0;
  const wsgi::Application plain = [&](wsgi::Request&) {
    return wsgi::Response::stream(
        [&]() -> std::optional<std::string> {
          if (pieces == 2) return std::nullopt;
          return std::to_string(++pieces);
        },
        "text/plain");
  };
  CHECK(ends_with_body(answer_of(wsgi::from_wsgi(wsgi::to_wsgi(plain))),
                       "1\r\n1\r\n1\r\n2\r\n0\r\n\r\n"));
}

TEST_CASE("a status has three digits, and write() belongs to the call") {
  CHECK(answer_of([](Environ&, const StartResponse& start_response) {
          start_response("2000 OK", text);
          return wsgi::piece("x");
        }).starts_with("HTTP/1.1 500 "));
  const auto late = answer_of([](Environ&, const StartResponse& start_response) {
    return wsgi::generate([write = start_response("200 OK", text), left = 2]() mutable {
      if (--left == 0) write("late");
      return left > 0 ? std::optional<std::string>{"x"} : std::nullopt;
    });
  });
  CHECK(ends_with_body(late, "1\r\nx\r\n"));
}

TEST_CASE("an Application in the WSGI form is told all that the environ says") {
  struct Seen {
    std::string target, path, script_name, scheme, authority, subject, route, body;
    int minor_version = 1;
  } seen;
  const wsgi::Application plain = [&](wsgi::Request& request) {
    const auto* const client = request.client_certificate();
    const auto* const route = request.route();
    seen.target = request.target();
    seen.path = request.path();
    seen.script_name = request.script_name();
    seen.scheme = request.scheme();
    seen.authority = request.authority();
    seen.subject = client != nullptr ? client->subject : "none";
    seen.route = route != nullptr ? route->name : "none";
    seen.body = request.read_all();
    seen.minor_version = request.minor_version();
    CHECK(request.header("X-Two-Words") == "two");
    return wsgi::Response{204};
  };
  const wsgi::ClientCertificate alice{"CN=alice", "CN=authority", "0A"};
  const wsgi::internal::Surroundings surroundings{.secure = true, .client = &alice};
  testing::MadeRequest made{"POST", "/app/it%20em?q=%20", "Transfer-Encoding: chunked\r\n", "body"};
  made.surroundings() = surroundings;
  made->shift_path(4);
  made->set_route(wsgi::RouteMatch{.name = "item"});
  Environ variables{*made};
  variables.set("SERVER_PROTOCOL", "HTTP/1.0");
  variables.set("HTTP_X_TWO_WORDS", "two");
  variables.set("HTTP_HOST", "changed.example");
  const StartResponse start_response{
      [](std::string_view, const StartResponse::Headers&, const std::exception_ptr&) {
        return [](std::string_view) {};
      }};
  (void)wsgi::to_wsgi(plain)(variables, start_response);
  CHECK(seen.target == "/app/it%20em?q=%20");
  CHECK(seen.path == "/it em");
  CHECK(seen.script_name == "/app");
  CHECK(seen.scheme == "https");
  CHECK(seen.authority == "changed.example");
  CHECK(seen.subject == "CN=alice");
  CHECK(seen.route == "item");
  CHECK(seen.body == "body");
  CHECK(seen.minor_version == 0);
}

TEST_CASE("length and type of a body have one name in the environ, and come once in a request") {
  testing::MadeRequest made{"POST", "/", "Content-Length: 4\r\nContent-Type: text/plain\r\n",
                            "body"};
  Environ variables{*made};
  variables.set("HTTP_CONTENT_LENGTH", "9");
  variables.set("HTTP_CONTENT_TYPE", "text/html");
  std::vector<std::string> seen;
  const wsgi::Application plain = [&](wsgi::Request& request) {
    for (const auto& field : request.headers()) {
      if (field.name.starts_with("Content-")) seen.emplace_back(field.value);
    }
    return wsgi::Response{204};
  };
  const StartResponse start_response{
      [](std::string_view, const StartResponse::Headers&, const std::exception_ptr&) {
        return [](std::string_view) {};
      }};
  (void)wsgi::to_wsgi(plain)(variables, start_response);
  std::ranges::sort(seen);
  CHECK(seen == std::vector<std::string>{"4", "text/plain"});
}

}  // namespace
