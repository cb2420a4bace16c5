// The examples of APIs, with their own files, as their first lines say; and what they have in
// common: an application that is loaded again on SIGHUP.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/certificates.hpp"
#include "support/child_process.hpp"
#include "support/http_client.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_client.hpp"

using namespace thane::testing;
using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

namespace {

const std::string examples = SOURCE_DIR "/examples";

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void stop(ChildProcess& program) {
  program.signal(SIGTERM);
  CHECK(program.wait_exit() == Exit{.code = 0});
}

// How a program ends that does not serve, and its last line.
std::string last_line(const char* program, const Arguments& arguments, int status) {
  ChildProcess child{program, arguments};
  CHECK(child.wait_exit() == Exit{.code = status});
  (void)child.printed("");
  return child.messages_so_far().back();
}

struct VolumeApi {
  std::uint16_t port = free_port();
  TemporaryDirectory files;
  std::string paste = files.write("api-paste.ini", text_of(examples + "/volume_api/api-paste.ini"));
  Arguments arguments{
      "--config-file",
      files.write("volume_api.conf", text_of(examples + "/volume_api/volume_api.conf")),
      "--osapi-volume-listen-port", std::to_string(port)};

  [[nodiscard]] Json get(const std::string& path, int status = 200) const {
    const auto answer = http_get(port, path);
    CHECK(answer.status == status);
    return Json::parse(answer.body);
  }
  [[nodiscard]] Json post(const std::string& path, const Json& body, int status = 202) const {
    HttpClient client{port};
    const std::string text = body.dump();
    client.send_raw("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
                    "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    const auto answer = client.receive_response();
    CHECK(answer.status == status);
    return answer.body.empty() ? Json{} : Json::parse(answer.body);
  }
  [[nodiscard]] Arguments with(const Arguments& more) const {
    Arguments all = arguments;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_CASE_FIXTURE(VolumeApi, "volume_api has two versions, an extension, pages and faults") {
  ChildProcess api{EXAMPLES_DIR "/volume_api", arguments};
  api.expect_line("parent ready");
  CHECK(get("/", 300)["versions"].size() == 2);
  CHECK(get("/v2/")["versions"][0]["id"] == "v2.0");

  for (const char* name : {"a", "b"}) {
    (void)post("/v2/demo/volumes", {{"volume", {{"name", name}, {"size", 3}}}});
  }
  const auto page = get("/v1/demo/volumes?limit=1");
  CHECK(page["volumes"] == Json::parse(R"([{"id": "1", "name": "a"}])"));
  CHECK(page["volumes_links"][0]["href"] == "http://127.0.0.1/v1/demo/volumes?limit=1&marker=1");
  CHECK(get("/v2/demo/volumes/detail?marker=1")["volumes"][0]["size"] == 3);

  const Json larger{{"os-extend", {{"new_size", 5}}}};
  CHECK(get("/v2/demo/extensions")["extensions"][0]["alias"] == "os-extend");
  CHECK(post("/v1/demo/volumes/1/action", larger, 404).contains("itemNotFound"));
  (void)post("/v2/demo/volumes/1/action", larger);
  CHECK(get("/v2/demo/volumes/1")["volume"]["size"] == 5);
  CHECK(get("/v2/demo/volumes/9", 404)["itemNotFound"]["message"] ==
        "Volume 9 could not be found.");
  api.expect_line("GET /v2/demo/volumes/9 HTTP/1.1: 404 in ");
  CHECK(http_get(port, "/readyz").status == 200);
  stop(api);
}

TEST_CASE_FIXTURE(VolumeApi,
                  "a Paste file that is broken at a SIGHUP leaves all as it was, and "
                  "one that is whole counts, with one worker and with two") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    const auto whole = text_of(paste);
    ChildProcess api{EXAMPLES_DIR "/volume_api", with({"--osapi-volume-workers", workers})};
    api.expect_line("parent ready");

    files.write("api-paste.ini", whole + "[app:none]\n[pipeline:volume_v2]\n");
    api.signal(SIGHUP);
    const std::string reason = api.expect_line("reload failed generation=2 reason=");
    CHECK_MESSAGE((workers == std::string{"1"} || reason.find(paste) == 0), reason);
    CHECK(get("/v2/demo/volumes")["volumes"].empty());

    files.write("api-paste.ini", whole);
    files.write("volume_api.conf",
                "[DEFAULT]\nosapi_volume_listen = 127.0.0.1\n"
                "enable_v1_api = no\n");
    api.signal(SIGHUP);
    api.expect_line("reload finished generation=3");
    // A worker that is being replaced may have accepted until just now.
    CHECK(eventually([this] { return get("/", 300)["versions"].size() == 1; }));
    CHECK(eventually([this] { return http_get(port, "/v1/demo/volumes").status == 404; }));
    CHECK(http_get(port, "/v2/demo/volumes").status == 200);
    stop(api);
    files.write("volume_api.conf", text_of(examples + "/volume_api/volume_api.conf"));
  }
}

TEST_CASE_FIXTURE(VolumeApi,
                  "a start and a check end with status 78 and one line if the Paste "
                  "file cannot be loaded") {
  CHECK(last_line(EXAMPLES_DIR "/volume_api", with({"--check-config"}), 0) == "configuration ok");
  files.write("api-paste.ini", "[app:osapi_volume]\nuse = egg:volume_api#v9\n");
  const std::string wrong = paste + ":2: the program has no factory \"egg:volume_api#v9\"";
  CHECK(last_line(EXAMPLES_DIR "/volume_api", with({"--check-config"}), 78).find(wrong) == 0);
  CHECK(last_line(EXAMPLES_DIR "/volume_api", arguments, 78).find("cannot start: " + wrong) == 0);
  CHECK(last_line(EXAMPLES_DIR "/volume_api", with({"--osapi-volume-workers", "0"}), 2) ==
        "--osapi-volume-workers: 0 is below the minimum of 1");
}

TEST_CASE_FIXTURE(VolumeApi, "a Paste file of the start is found again, wherever the program is") {
  ChildProcess api{EXAMPLES_DIR "/volume_api",
                   {"--osapi-volume-listen", "127.0.0.1", "--osapi-volume-workers", "1",
                    "--osapi-volume-listen-port", std::to_string(port), "--chdir", "/"},
                   {.directory = files.path()}};
  api.expect_line("parent ready");
  api.signal(SIGHUP);
  api.expect_line("reload finished generation=2");
  CHECK(http_get(port, "/v2/demo/volumes").status == 200);
  stop(api);
}

TEST_CASE("a manager's hooks run in their order, the last one when the API answers") {
  const TemporaryDirectory files;
  files.write("api-paste.ini", "[app:hooked]\nuse = egg:hooks#app\n");
  for (const char* workers : {"1", "2"}) {
    ChildProcess api{PROGRAMS_DIR "/api_hooks",
                     {"--config-file", files.write("c", ""), "--hooked-listen", "127.0.0.1",
                      "--hooked-workers", workers, "--wsgi-wsgi-access-log", "no"}};
    api.expect_line("parent ready");
    std::string all;
    for (const auto& line : api.messages_so_far()) {
      if (line.find("_h") != std::string::npos) all += line + "|";
    }
    const std::string once = "init_host|pre_start_hook|post_start_hook: HTTP/1.1 200 OK|";
    if (workers == std::string{"1"}) CHECK(all == once);
    CHECK(all.size() == once.size() * static_cast<std::size_t>(*workers - '0'));
    stop(api);
  }
}

struct AllApis {
  std::uint16_t compute = free_port();
  std::uint16_t metadata = free_port();
  Arguments arguments{"--config-file",
                      examples + "/all_apis/all_apis.conf",
                      "--osapi-compute-listen-port",
                      std::to_string(compute),
                      "--metadata-listen-port",
                      std::to_string(metadata)};
};

TEST_CASE_FIXTURE(AllApis, "all_apis serves each API from its own workers, and calls its manager") {
  ChildProcess apis{EXAMPLES_DIR "/all_apis", arguments};
  apis.expect_line("compute: the host is ready");
  apis.expect_line("compute: serving");
  apis.expect_line("worker osapi_compute/1 ready");
  apis.expect_line("worker metadata/0 ready");
  apis.expect_line("parent ready");
  CHECK(http_get(compute, "/").body == R"({"serves":"servers"})");
  CHECK(http_get(metadata, "/").body == R"({"serves":"metadata"})");
  stop(apis);
}

TEST_CASE_FIXTURE(AllApis, "a name in enabled_apis that is none is warned about and passed over") {
  arguments.insert(arguments.end(), {"--enabled-apis", "metdata", "--enabled-apis", "metadata"});
  ChildProcess apis{EXAMPLES_DIR "/all_apis", arguments};
  apis.expect_line("The program has no API \"metdata\". enabled_apis includes bad values.");
  apis.expect_line("parent ready");
  CHECK(http_get(metadata, "/").status == 200);
  CHECK_FALSE(port_answers(compute));
  stop(apis);
}

TEST_CASE_FIXTURE(AllApis, "without any API that can be started all_apis ends with status 1") {
  arguments.insert(arguments.end(), {"--enabled-apis", "metdata"});
  CHECK(last_line(EXAMPLES_DIR "/all_apis", arguments, 1) ==
        "No APIs were started. Check the enabled_apis config option.");
}

TEST_CASE("proxy_server runs from a directory, whose files say how, and takes it up at a SIGHUP") {
  const auto port = free_port();
  const TemporaryDirectory files;
  for (const auto& entry :
       std::filesystem::directory_iterator{examples + "/proxy_server/proxy-server.conf.d"}) {
    files.write(entry.path().filename().string(), text_of(entry.path().string()));
  }
  const auto more = [&](const std::string& region) {
    return files.write("30-test.conf", "[DEFAULT]\nworkers = 2\nregion = " + region +
                                           "\nbind_port = " + std::to_string(port) + "\n");
  };
  more("south");
  ChildProcess proxy{EXAMPLES_DIR "/proxy_server", {files.path()}};
  proxy.expect_line("worker 1 ready");
  proxy.expect_line("parent ready");
  const auto region = [&] { return Json::parse(http_get(port, "/info").body)["swift"]["region"]; };
  CHECK(region() == "south");
  CHECK(http_get(port, "/healthcheck").status == 200);

  files.write("30-test.conf", "[DEFAULT]\nregion\n");
  proxy.signal(SIGHUP);
  CHECK(proxy.expect_line("reload failed generation=2 reason=").find(files.file("30-test.conf")) ==
        0);
  more("west");
  proxy.signal(SIGHUP);
  proxy.expect_line("reload finished generation=3");
  CHECK(eventually([&] { return region() == "west"; }));
  stop(proxy);
}

TEST_CASE("proxy_server binds as root, and then becomes the user that its file names") {
  if (!is_root("become another user")) return;
  const TemporaryDirectory files;
  const auto port = std::to_string(free_port());
  const auto file =
      files.write("p.conf", "[DEFAULT]\nuser = nobody\nworkers = 0\nbind_port = " + port +
                                "\n[pipeline:main]\npipeline = proxy-server\n"
                                "[app:proxy-server]\nuse = egg:swift#proxy\n");
  ChildProcess proxy{EXAMPLES_DIR "/proxy_server", {file}};
  proxy.expect_line("parent ready");
  CHECK(status_field(proxy.pid(), "Uid").find("0\t") != 0);
  CHECK(http_get(static_cast<std::uint16_t>(std::stoi(port)), "/info").status == 200);
  stop(proxy);
}

TEST_CASE("proxy_server tells what it wants, and what is wrong with what it got") {
  const char* program = EXAMPLES_DIR "/proxy_server";
  const std::string directory = examples + "/proxy_server/proxy-server.conf.d";
  CHECK(last_line(program, {}, 2) ==
        "usage: proxy_server CONFIG-FILE-OR-DIRECTORY [--OPTION VALUE]...");
  CHECK(last_line(program, {directory, "--check-config"}, 0) == "configuration ok");
  CHECK(last_line(program, {"/nonexistent.conf"}, 78) ==
        "the file /nonexistent.conf cannot be read: No such file or directory");
  const TemporaryDirectory files;
  const auto lost =
      files.write("p.conf",
                  "[pipeline:main]\npipeline = gone proxy-server\n[app:proxy-server]\n"
                  "use = egg:swift#proxy\n");
  CHECK(last_line(program, {lost, "--check-config"}, 78).find(lost + ":2: No section \"gone\"") ==
        0);
  const auto workers = files.write("w.conf",
                                   "[app:proxy-server]\nuse = egg:swift#proxy\n"
                                   "workers = many\n");
  CHECK(last_line(program, {workers}, 78) ==
        workers + ": workers = many: Expected an integer or \"auto\"");
}

TEST_CASE(
    "run_wsgi takes a file with a '#' in its name, from where it was started, and a program's "
    "options") {
  const TemporaryDirectory files;
  const auto port = std::to_string(free_port());
  files.write("a b#c.conf", "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = " + port +
                                "\nworkers = 1\ncapture_stdio = no\n[app:main]\n"
                                "use = egg:hooks#app\n[app:greeting]\nuse = main\n");
  ChildProcess served{PROGRAMS_DIR "/api_hooks",
                      {"a b#c.conf", "--greeting", "good morning", "--chdir", "/"},
                      {.directory = files.path()}};
  served.expect_line("parent ready");
  served.signal(SIGHUP);
  served.expect_line("reload finished generation=2");
  CHECK(http_get(static_cast<std::uint16_t>(std::stoi(port)), "/").body == "good morning");
  stop(served);
}

TEST_CASE("an option is no file of run_wsgi, and settings of its section alone count") {
  const char* program = EXAMPLES_DIR "/proxy_server";
  CHECK(last_line(program, {"--check-config"}, 2) ==
        "usage: proxy_server CONFIG-FILE-OR-DIRECTORY [--OPTION VALUE]...");
  const TemporaryDirectory files;
  const auto file = files.write(
      "p.conf",
      "[pipeline:main]\npipeline = other proxy-server\n[app:proxy-server]\n"
      "use = egg:swift#proxy\n[filter:other]\nuse = egg:swift#healthcheck\nworkers = many\n");
  CHECK(last_line(program, {file, "--check-config"}, 0) == "configuration ok");
}

TEST_CASE("https greets over TLS, and takes up a new certificate at a SIGHUP") {
  const Authority authority;
  const auto first = authority.issue("first");
  const auto port = free_port();
  ChildProcess https{EXAMPLES_DIR "/https",
                     {"--web-cert-file", first.certificate, "--web-key-file", first.key,
                      "--web-port", std::to_string(port)}};
  https.expect_line("parent ready");
  const TlsClientOptions trusting{.authority = authority.certificate()};
  CHECK(https_get(port, "/", trusting).ends_with("hello over https\n"));

  const auto second = authority.issue("second");
  std::filesystem::rename(second.certificate, first.certificate);
  std::filesystem::rename(second.key, first.key);
  https.signal(SIGHUP);
  https.expect_line("reload finished generation=2");
  CHECK(eventually([&] { return TlsClient{port, trusting}.subject() == "second"; }));
  stop(https);
}

}  // namespace
