// A Paste file made of the stock parts, served by real processes.
#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/temporary_directory.hpp"
#include "support/web.hpp"

using namespace thane::testing;

namespace {

constexpr const char* paste_file = R"(
[composite:main]
use = egg:Paste#urlmap
/: front
/v3: volumes

[pipeline:front]
pipeline = health app

[composite:volumes]
use = call:cinder.api.middleware.auth:pipeline_factory
noauth = health request_id log http_proxy_to_wsgi faultwrap timeouts sizelimit app
keystone = missing app

[app:app]
paste.app_factory = test:make

[filter:health]
use = egg:oslo.middleware#healthcheck

[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory

[filter:log]
use = egg:thane#access_log
format = line %%(client_ip)s %%(status_code)s %%(body_length)s %%(request_id)s

[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory

[filter:faultwrap]
paste.filter_factory = cinder.api.middleware.fault:FaultWrapper.factory

[filter:timeouts]
use = egg:thane#timeouts
timeout = 0.02
status = 504

[filter:sizelimit]
paste.filter_factory = oslo_middleware.sizelimit:RequestBodySizeLimiter.factory
)";

struct File {
  TemporaryDirectory directory;
  std::string path = directory.file("api-paste.ini");

  File() { std::ofstream{path} << paste_file; }

  // Options of oslo.middleware as a service's own configuration has them.
  [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    more.insert(more.end(),
                {"--paste-file", path, "--auth-strategy", "noauth", "--web-wsgi-access-log",
                 "false", "--oslo-middleware-max-request-body-size", "10",
                 "--oslo-middleware-enable-proxy-headers-parsing", "true"});
    return more;
  }
};

constexpr const char* program = PROGRAMS_DIR "/stock_parts";

HttpResponse post(HttpClient& client, const std::string& head, const std::string& body) {
  client.send_raw("POST /v3/x HTTP/1.1\r\nHost: h\r\n" + head + "\r\n" + body);
  return client.receive_response();
}

TEST_CASE_FIXTURE(File, "a request passes all parts of a pipeline on its way to the application") {
  Web web{program, 2, arguments()};
  HttpClient client{web.port};
  const auto answer = post(client, "Content-Length: 4\r\nX-Forwarded-For: 203.0.113.5\r\n", "body");
  CHECK(answer.body == "/v3|/x body");
  const auto id = answer.header("x-openstack-request-id");
  CHECK(id.size() == 40);
  web.parent.expect_line("line 203.0.113.5 200 11 " + id);
  CHECK(http_get(web.port, "/v2/x").body == "|/v2/x ");
}

TEST_CASE_FIXTURE(File, "what fails in a pipeline is answered in JSON, with the request's id") {
  Web web{program, 1, arguments()};
  const auto thrown = http_get(web.port, "/v3/throw");
  CHECK(thrown.status == 500);
  CHECK(
      thrown.body ==
      R"({"computeFault":{"code":500,"message":"The server has failed to answer the request."}})");
  CHECK(thrown.header("x-openstack-request-id").size() == 40);
  web.parent.expect_line("GET /v3/throw failed: thrown on purpose");

  CHECK(http_get(web.port, "/v3/slow").status == 504);

  HttpClient client{web.port};
  CHECK(post(client, "Content-Length: 11\r\n", "0123456789X").status == 413);
  CHECK(post(client, "Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n0\r\n\r\n").status ==
        200);
  const auto refused =
      post(client, "Transfer-Encoding: chunked\r\n", "b\r\n0123456789X\r\n0\r\n\r\n");
  CHECK(refused.status == 413);
  CHECK(refused.body.starts_with(R"({"overLimit":{"code":413,)"));
}

TEST_CASE_FIXTURE(File, "while a server drains, /readyz says 503 and /healthz 200") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    Web web{program, workers, arguments({"--web-drain-delay", "60"})};
    HttpClient kept{web.port};
    CHECK(kept.get("/readyz").body == "OK");
    CHECK(kept.get("/healthcheck").status == 200);

    web.parent.signal(SIGTERM);
    web.parent.expect_line("web stops serving");

    CHECK(eventually([&] { return kept.get("/readyz").status == 503; }));
    CHECK(kept.get("/readyz").body == "STOPPING");
    CHECK(kept.get("/healthcheck").status == 503);
    CHECK(kept.get("/healthz").body == "OK");
    CHECK(http_get(web.port, "/x").status == 200);  // Who comes all the same is served.
    web.parent.signal(SIGINT);
    CHECK(web.parent.wait_exit() == Exit{.code = 1});
  }
}

TEST_CASE_FIXTURE(File, "/readyz says 503 until each service of the process has started") {
  const auto gate = directory.file("gate");
  const auto port = free_port();
  ChildProcess child{program,
                     arguments({"--web-port", std::to_string(port)}),
                     {.environment = {"STOCK_PARTS_GATE=" + gate}}};
  child.expect_line("waiting at the gate");
  HttpClient kept{port};
  const auto early = kept.get("/readyz");
  CHECK(early.status == 503);
  CHECK(early.body == "STARTING");
  CHECK(kept.get("/healthz").status == 200);

  std::ofstream{gate} << "open";
  child.expect_line("parent ready");
  CHECK(kept.get("/readyz").status == 200);
}

TEST_CASE_FIXTURE(File,
                  "an auth_strategy without a pipeline is an error at start that says where") {
  ChildProcess child{program, {"--paste-file", path, "--auth-strategy", "noauth2"}};
  child.expect_line("cannot start: " + path + ":11: ");
  CHECK(child.wait_exit() == Exit{.code = 78});
}

}  // namespace
