// The parts that answer with files, or change and refuse what others answer, in Paste files.
#include <doctest/doctest.h>

#include <string>

#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/stock_parts.hpp>

#include "answered.hpp"
#include "support/captured_log.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;

namespace {

wsgi::Application loaded(const testing::TemporaryDirectory& folder, std::string_view text,
                         const std::vector<wsgi::CorsPolicy>& policies = {}) {
  wsgi::Registry registry;
  wsgi::add_stock_parts(registry, {.cors = policies});
  return wsgi::load_app(registry, "config:" + folder.write("paste.ini", text));
}

TEST_CASE("a Paste file puts the parts together under the names that Python has for them") {
  const testing::TemporaryDirectory folder;
  (void)folder.write("page.html", std::string(5000, 'p'));
  (void)folder.write("users", "ann:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n");
  const auto application = loaded(folder,
                                  "[pipeline:main]\n"
                                  "pipeline = cors limit auth zip old_zip files\n"
                                  "[app:files]\nuse = egg:Paste#static\n"
                                  "document_root = %(here)s\ncache_max_age = 60\n"
                                  "[filter:cors]\n"
                                  "paste.filter_factory = oslo_middleware.cors:filter_factory\n"
                                  "oslo_config_project = shop\n"
                                  "[filter:limit]\nuse = egg:thane#rate_limit\nburst = 3\n"
                                  "rate = 0.01\n"
                                  "[filter:auth]\nuse = egg:oslo.middleware#basic_auth\n"
                                  "http_basic_auth_user_file = %(here)s/users\n"
                                  "[filter:zip]\nuse = egg:Paste#gzip\ncompress_level = 1\n"
                                  "[filter:old_zip]\npaste.filter_app_factory = "
                                  "paste.gzipper:make_gzip_middleware\n",
                                  {{.allowed_origin = {"https://known.example"}}});
  const std::string fields =
      "Origin: https://known.example\r\nAccept-Encoding: gzip\r\n"
      "Authorization: Basic YW5uOnNlY3JldA==\r\n";
  const auto answered = testing::answer_of(application, "GET", "/page.html", fields);
  CHECK(answered.status() == 200);
  CHECK(answered.header("Content-Encoding") == "gzip");
  CHECK(answered.header("Cache-Control") == "max-age=60");
  CHECK(answered.header("Access-Control-Allow-Origin") == "https://known.example");
  const std::string origin = "Origin: https://known.example\r\n";
  const auto refused = testing::answer_of(application, "GET", "/page.html", origin);
  CHECK(refused.status() == 401);
  CHECK(refused.header("Access-Control-Allow-Origin") == "https://known.example");
  CHECK(testing::answer_of(application, "GET", "/page.html", fields).status() == 200);
  CHECK(testing::answer_of(application, "GET", "/page.html", fields).status() == 429);
}

TEST_CASE("an option that there is not is warned of, and no error") {
  const testing::TemporaryDirectory folder;
  const testing::CapturedLog log;
  (void)loaded(folder, "[app:main]\nuse = egg:Paste#static\ndocument_root = /\ncache_age = 1\n");
  CHECK(log.count("static_files has no setting \"cache_age\"") == 1);
}

TEST_CASE("what a section says wrongly is an error with its place") {
  const testing::TemporaryDirectory folder;
  try {
    (void)loaded(folder,
                 "[app:main]\nuse = egg:Paste#static\ndocument_root = /\nfollow_links = perhaps\n");
    FAIL("loaded");
  } catch (const wsgi::load_error& error) {
    const std::string what = error.what();
    CHECK(what.find("paste.ini") != what.npos);
    CHECK(what.find("follow_links") != what.npos);
  }
}

}  // namespace
