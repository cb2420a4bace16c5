#include "live_application.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>

#include <thane/wsgi/file_body.hpp>

#include "made_request.hpp"

using thane::Config;
using thane::testing::MadeRequest;
using thane::wsgi::Application;
using thane::wsgi::Request;
using thane::wsgi::Response;
using thane::wsgi::internal::LiveApplication;

namespace {

// Says the word of the configuration that it was made of.
struct Words {
  std::string word = "one";
  int made = 0;
  Config config = Config::parse({}, {{"", {thane::Opt<std::string>{.name = "word"}}}}, {},
                                [this]() -> std::vector<Config::Value> {
                                  return {{"word", word, "test"}};
                                });
  LiveApplication live{config, [this] { return make(); }};
  Application application = live.application();

  Application make() {
    ++made;
    const auto text = config.get<std::string>("word");
    if (text == "broken") throw std::invalid_argument("broken");
    return [text](Request&) {
      return Response::stream(
          [text, left = 2]() mutable { return left-- > 0 ? std::optional{text} : std::nullopt; },
          "");
    };
  }

  std::string said() {
    MadeRequest request{"GET", "/"};
    const Response response = application(*request);
    return *response.body_stream()();
  }

  // What a parent does with a new configuration.
  std::shared_ptr<const thane::Snapshot> prepare(const std::string& next) {
    word = next;
    const auto before = config.snapshot();
    const auto loaded = config.load();
    config.install(loaded);
    try {
      live.prepare();
    } catch (...) {
      config.install(before);
      throw;
    }
    config.install(before);
    return loaded;
  }

  void reset() { live.take_up(live.next()); }
};

TEST_CASE_FIXTURE(Words, "a worker takes what its parent has made of the same configuration") {
  const auto next = prepare("two");
  CHECK(said() == "one");
  config.install(next);
  reset();
  CHECK(said() == "two");
  CHECK(made == 2);
}

TEST_CASE_FIXTURE(Words,
                  "a worker of the old configuration has the old application, whatever the "
                  "parent has tried since") {
  config.install(prepare("two"));
  CHECK_THROWS_AS(prepare("broken"), std::invalid_argument);
  (void)prepare("three");  // Refused later: nobody keeps it.
  reset();
  CHECK(said() == "two");
  CHECK(made == 4);
}

TEST_CASE_FIXTURE(Words, "what was not prepared is made at the reset, and kept out if it fails") {
  word = "two";
  config.install(config.load());
  reset();
  CHECK(said() == "two");
  word = "broken";
  config.install(config.load());
  CHECK_THROWS_AS(reset(), std::invalid_argument);
  CHECK(said() == "two");
}

TEST_CASE_FIXTURE(Words, "an answer that is being streamed keeps the application it is from") {
  MadeRequest request{"GET", "/"};
  const Response response = application(*request);
  config.install(prepare("two"));
  reset();
  CHECK(*response.body_stream()() == "one");
}

TEST_CASE_FIXTURE(Words, "a file stays one, which the server has the kernel send") {
  LiveApplication files{config, [] {
                          return [](Request&) {
                            return Response{}.set_stream(thane::wsgi::FileBody{nullptr, 0, 7});
                          };
                        }};
  MadeRequest request{"GET", "/"};
  const Response response = files.application()(*request);
  const auto* const file = response.body_stream().target<thane::wsgi::FileBody>();
  REQUIRE(file != nullptr);
  CHECK(file->left() == 7);
}

TEST_CASE_FIXTURE(Words, "a file that is being sent keeps the application it is from") {
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = owned;
  LiveApplication files{config, [&owned] {
                          return [kept = std::exchange(owned, nullptr)](Request&) {
                            return Response{}.set_stream(thane::wsgi::FileBody{nullptr, 0, 7});
                          };
                        }};
  MadeRequest request{"GET", "/"};
  {
    const Response response = files.application()(*request);
    config.install(config.load());
    files.prepare();
    files.take_up(files.next());
    CHECK_FALSE(alive.expired());
  }
  CHECK(alive.expired());
}

TEST_CASE_FIXTURE(Words, "an application that is none is an error") {
  CHECK_THROWS_AS((LiveApplication{config, [] { return Application{}; }}), std::invalid_argument);
}

}  // namespace
