// The parts that answer with files, or change and refuse what others answer, in Paste files.
#include <doctest/doctest.h>

#include <string>

#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/stock_parts.hpp>
#include <thane/wsgi/wsgi_application.hpp>

#include "answered.hpp"
#include "connection.hpp"
#include "memory_transport.hpp"
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

// A file of 200,000 octets through all parts that leave a body as it is, and through the form of
// PEP 3333.
constexpr const char* all_parts =
    "[composite:main]\nuse = egg:Paste#urlmap\n/ = cascade\n"
    "[composite:cascade]\nuse = egg:Paste#cascade\napp1 = strategy\n"
    "[composite:strategy]\nuse = call:neutron.auth:pipeline_factory\n"
    "keystone = health id log again proxy fault errors size time cors limit auth zip files\n"
    "[app:files]\nuse = egg:Paste#static\ndocument_root = %(here)s\n"
    "[filter:health]\nuse = egg:oslo.middleware#healthcheck\n"
    "[filter:id]\nuse = egg:oslo.middleware#request_id\n"
    "[filter:log]\nuse = egg:thane#access_log\nformat = outer %%(body_length)s\n"
    "[filter:again]\nuse = egg:thane#access_log\nformat = inner %%(body_length)s\n"
    "[filter:proxy]\nuse = egg:oslo.middleware#http_proxy_to_wsgi\n"
    "[filter:fault]\nuse = egg:thane#faultwrap\n"
    "[filter:errors]\nuse = egg:oslo.middleware#catch_errors\n"
    "[filter:size]\nuse = egg:oslo.middleware#sizelimit\n"
    "[filter:time]\nuse = egg:thane#timeouts\ntimeout = 9\n"
    "[filter:cors]\nuse = egg:oslo.middleware#cors\nallowed_origin = https://known.example\n"
    "[filter:limit]\nuse = egg:thane#rate_limit\nrate = 1\nburst = 9\n"
    "[filter:auth]\nuse = egg:oslo.middleware#basic_auth\n"
    "http_basic_auth_user_file = %(here)s/users\n"
    "[filter:zip]\nuse = egg:Paste#gzip\n";

TEST_CASE("a file is left to the kernel through all parts that leave it as it is, and counted") {
  const testing::TemporaryDirectory folder;
  const testing::CapturedLog log;
  (void)folder.write("file", std::string(200'000, 'f'));
  (void)folder.write("users", "ann:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n");
  wsgi::internal::Site site;
  site.application = wsgi::from_wsgi(wsgi::to_wsgi(loaded(folder, all_parts)));
  testing::MemoryTransport transport{
      "GET /file HTTP/1.1\r\nHost: h\r\nOrigin: https://known.example\r\n"
      "Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n"};
  FiberLoop loop;
  loop.run([&] { wsgi::internal::Connection{site, transport, "192.0.2.1"}.run(); });
  CHECK(transport.output.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(transport.output.size() > 200'000);
  CHECK(transport.sent_as_file == 200'000 - 65536);
  CHECK(log.count("outer 200000") == 1);
  CHECK(log.count("inner 200000") == 1);
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
