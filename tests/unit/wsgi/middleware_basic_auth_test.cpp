#include <thane/wsgi/middleware/basic_auth.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <system_error>

#include <thane/wsgi/wsgi_application.hpp>

#include "answered.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::Answered;
using testing::TemporaryDirectory;
using wsgi::Request;
using wsgi::Response;

namespace {

// The cheapest hashes that bcrypt has: "secret", "p\u00e4ss:word", and nothing.
constexpr std::string_view users =
    "# made for this test\n"
    "ann:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"
    "\r\n"
    " bob:$2y$04$abcdefghijklmnopqrstuuaAsth9Ne7VZq.6cUlrejgIqjkuzzL4W\r\n"
    "empty:$2a$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m";

constexpr std::string_view ann_secret = "YW5uOnNlY3JldA==";

Response who(Request& request) {
  const auto* const user = request.attribute<std::string>(wsgi::basic_auth_user);
  return Response::text(user != nullptr ? *user : "nobody");
}

struct Protected {
  TemporaryDirectory folder;
  std::string file = folder.write("users", users);

  [[nodiscard]] Answered ask(std::string_view fields, std::string_view path = "/",
                             const wsgi::Application& application = who) const {
    const auto filter =
        wsgi::basic_auth({.user_file = file, .realm = "shop", .public_paths = {"/ok", "/open/"}});
    return testing::answer_of(filter(application), "GET", path, fields);
  }
  [[nodiscard]] Answered with(std::string_view token) const {
    return ask("Authorization: Basic " + std::string{token} + "\r\n");
  }
};

TEST_CASE_FIXTURE(Protected, "who knows a password gets in, under its name") {
  CHECK(with(ann_secret).body == "ann");
  CHECK(with("Ym9iOnDDpHNzOndvcmQ=").body == "bob");
  CHECK(with("ZW1wdHk6").body == "empty");
  CHECK(ask("authorization: bAsIc  " + std::string{ann_secret} + "\r\n").body == "ann");
}

TEST_CASE_FIXTURE(Protected, "everybody else is asked for a password") {
  const auto asked = ask("");
  CHECK(asked.status() == 401);
  CHECK(asked.header("WWW-Authenticate") == "Basic realm=\"shop\", charset=\"UTF-8\"");
  CHECK(asked.body.find("\"code\":401") != std::string::npos);
  for (const char* const token :
       {"YW5uOndyb25n", "bm9uZTpzZWNyZXQ=", "YW5uOnNlY3JldAB4", "YW5u", "", "YW5uOnNlY3JldA",
        "YW5uOnNlY3JldA==x", "YW5u OnNlY3JldA==", "YW5uOnNlY3Jld===", "IyBtYWRlIGZvcg=="}) {
    CAPTURE(token);
    CHECK(with(token).status() == 401);
  }
  const std::string token{ann_secret};
  CHECK(ask("Authorization: Bearer " + token + "\r\n").status() == 401);
  CHECK(ask("Authorization: Basic" + token + "\r\n").status() == 401);
  const std::string twice = "Authorization: Basic " + token + "\r\n";
  CHECK(ask(twice + twice).status() == 401);
}

TEST_CASE_FIXTURE(Protected, "public paths are open to all, and no other path passes for one") {
  CHECK(ask("", "/ok").body == "nobody");
  CHECK(ask("", "/open/a/b").body == "nobody");
  for (const char* const path : {"/okay", "/ok/", "/open", "/open/../secret", "/open/%2e%2e/secret",
                                 "/open/./a", "/x/open/"}) {
    CAPTURE(path);
    CHECK(ask("", path).status() == 401);
  }
}

TEST_CASE("a file that changes under a filter that is in use is read again, or fails closed") {
  const TemporaryDirectory folder;
  const std::string file = folder.write("users", users);
  const auto filtered = wsgi::basic_auth({.user_file = file})(who);
  const std::string fields = "Authorization: Basic " + std::string{ann_secret} + "\r\n";
  CHECK(testing::answer_of(filtered, "GET", "/", fields).status() == 200);
  (void)folder.write("users", users.substr(users.find(" bob")));
  CHECK(testing::answer_of(filtered, "GET", "/", fields).status() == 401);
  (void)folder.write("users", "ann:secret\n");
  CHECK(testing::answer_of(filtered, "GET", "/", fields).status() == 401);
  folder.remove("users");
  CHECK_THROWS_AS((void)testing::answer_of(filtered, "GET", "/", fields), std::system_error);
}

TEST_CASE_FIXTURE(Protected, "an application of PEP 3333 sees the user, and no password") {
  const auto application = wsgi::from_wsgi([](wsgi::Environ& environ,
                                              const wsgi::StartResponse& start_response) {
    start_response("200 OK", {});
    std::string all;
    for (const char* const name : {"REMOTE_USER", "AUTH_TYPE", "HTTP_X_USER", "HTTP_X_USER_NAME"}) {
      all.append(environ.get(name)).append(" ");
    }
    return wsgi::piece(all + (environ.find("HTTP_AUTHORIZATION") == nullptr ? "hidden" : "shown"));
  });
  const std::string fields =
      "X-User: eve\r\nAuthorization: Basic " + std::string{ann_secret} + "\r\n";
  CHECK(ask(fields, "/", application).body == "ann Basic ann ann hidden");
}

TEST_CASE("what cannot work is an error when the filter is made") {
  const TemporaryDirectory folder;
  const std::string good = folder.write("good", users);
  const std::string other = folder.write("other", "a comment\nann:$6$salt$hash\n");
  CHECK_THROWS_AS((void)wsgi::basic_auth({.user_file = folder.file("none")}), std::system_error);
  CHECK_THROWS_WITH_AS(
      (void)wsgi::basic_auth({.user_file = other}),
      (other + ": line 2: the password of \"ann\" is not hashed with bcrypt").c_str(),
      std::invalid_argument);
  CHECK_THROWS_AS((void)wsgi::basic_auth({.user_file = good, .realm = "a\"b"}),
                  std::invalid_argument);
  CHECK_THROWS_AS((void)wsgi::basic_auth({.user_file = good, .realm = "a\nb"}),
                  std::invalid_argument);
  const auto made = wsgi::make_basic_auth(
      {}, {{"http_basic_auth_user_file", good}, {"realm", "r"}, {"public_paths", "/a /b"}});
  CHECK(testing::answer_of(made(who), "GET", "/b").body == "nobody");
  CHECK(testing::answer_of(made(who), "GET", "/c").status() == 401);
}

}  // namespace
