#include <thane/wsgi/middleware/static_files.hpp>

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include <thane/wsgi/file_response.hpp>

#include "answered.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::Answered;
using testing::TemporaryDirectory;
using Options = wsgi::StaticFilesOptions;

namespace {

struct Site {
  TemporaryDirectory folder;
  std::string root = folder.file("root");

  Site() {
    folder.write("secret.txt", "secret");
    std::filesystem::create_directories(root + "/css");
    std::filesystem::create_directories(root + "/.git");
    std::filesystem::create_directories(root + "/folder");
    write("index.html", "home");
    write("css/main.css", "a{}");
    write("folder/index.html", "in folder");
    write(".git/config", "hidden");
    write("a b.txt", "blank");
    write("README", "plain");
    std::filesystem::create_symlink("css/main.css", root + "/inside.css");
    std::filesystem::create_symlink("../secret.txt", root + "/outside.txt");
    std::filesystem::create_symlink("..", root + "/up");
  }
  void write(const std::string& name, std::string_view text) const {
    (void)folder.write("root/" + name, text);
  }

  [[nodiscard]] Answered get(std::string_view target, Options options = {},
                             std::string_view method = "GET") const {
    options.root = root;
    return testing::answer_of(wsgi::static_files(std::move(options)), method, target);
  }
};

TEST_CASE_FIXTURE(Site, "a file is found by its path, with the type that its name says") {
  CHECK(get("/css/main.css").body == "a{}");
  CHECK(get("/css/main.css").header("Content-Type") == "text/css; charset=utf-8");
  CHECK(get("/a%20b.txt").body == "blank");
  CHECK(get("/README").header("Content-Type") == "application/octet-stream");
  CHECK(get("/README", {.default_type = "text/plain"}).header("Content-Type") == "text/plain");
  CHECK(get("/README", {.cache_control = "max-age=60"}).header("Cache-Control") == "max-age=60");
  CHECK(get("/README", {}, "HEAD").header("Content-Length") == "5");
  CHECK(get("/none").status() == 404);
  CHECK(get("/README/").status() == 404);
  CHECK(wsgi::media_type("A.HTML") == "text/html; charset=utf-8");
  CHECK(wsgi::media_type("archive.tar.gz") == "application/gzip");
  CHECK(wsgi::media_type("none").empty());
}

TEST_CASE_FIXTURE(Site, "a folder is its index, and redirected to where links of that work") {
  CHECK(get("/").body == "home");
  CHECK(get("/folder/").body == "in folder");
  CHECK(get("/folder").status() == 301);
  CHECK(get("/folder?a=b").header("Location") == "/folder/?a=b");
  CHECK(get("/css/").status() == 404);
  CHECK(get("/", {.index = ""}).status() == 404);

  const auto mounted = [this](wsgi::Request& request) {
    request.shift_path(7);
    return wsgi::static_files({.root = root})(request);
  };
  CHECK(testing::answer_of(mounted, "GET", "/static/folder").header("Location") ==
        "/static/folder/");
  const auto elsewhere = [this](wsgi::Request& request) {
    request.set_script_name("//example.org");
    return wsgi::static_files({.root = root})(request);
  };
  CHECK(testing::answer_of(elsewhere, "GET", "/folder").header("Location") ==
        "/example.org/folder/");
}

TEST_CASE_FIXTURE(Site, "no path leads out of the folder") {
  for (const char* const target :
       {"/../secret.txt", "/%2e%2e/secret.txt", "/css/../../secret.txt",
        "/css/..%2f..%2fsecret.txt", "/css/%2e%2e/index.html", "/./index.html", "//index.html",
        "/css//main.css", "/index.html%00.txt", "/outside.txt", "/up/secret.txt",
        "/%2e%2e%2fsecret.txt"}) {
    CAPTURE(target);
    CHECK(get(target).status() == 404);
  }
  const std::string absolute = "/" + folder.file("secret.txt");
  CHECK(get(absolute).status() == 404);
}

TEST_CASE_FIXTURE(Site, "links are followed within the folder, and beyond it where that is said") {
  CHECK(get("/inside.css").body == "a{}");
  CHECK(get("/outside.txt", {.links = Options::Links::anywhere}).body == "secret");
}

TEST_CASE_FIXTURE(Site, "names that begin with a dot are hidden") {
  CHECK(get("/.git/config").status() == 404);
  CHECK(get("/.git/config", {.dotfiles = Options::Dotfiles::shown}).body == "hidden");
  CHECK(get("/../secret.txt", {.dotfiles = Options::Dotfiles::shown}).status() == 404);
}

TEST_CASE_FIXTURE(Site, "what would change a file is refused with the methods that there are") {
  CHECK(get("/README", {}, "DELETE").status() == 405);
  CHECK(get("/README", {}, "OPTIONS").header("Allow") == "GET, HEAD");
}

TEST_CASE_FIXTURE(Site, "the folder may be replaced by another one") {
  const auto files = wsgi::static_files({.root = root});
  std::filesystem::rename(root, folder.file("old"));
  CHECK(testing::answer_of(files, "GET", "/README").status() == 404);
  std::filesystem::create_directories(root);
  write("README", "new");
  CHECK(testing::answer_of(files, "GET", "/README").body == "new");
}

TEST_CASE_FIXTURE(Site, "a Paste file says folder and options, and nothing else") {
  const auto made = [this](const wsgi::Settings& settings, std::string_view target) {
    return testing::answer_of(wsgi::make_static_files({}, settings), "GET", target);
  };
  CHECK(
      made({{"document_root", root}, {"cache_max_age", "60"}}, "/README").header("Cache-Control") ==
      "max-age=60");
  CHECK(made({{"document_root", root}, {"follow_links", "true"}}, "/outside.txt").status() == 200);
  CHECK(made({{"document_root", root}, {"index", "README"}}, "/").body == "plain");
  CHECK_THROWS_AS((void)wsgi::make_static_files({}, {}), std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)wsgi::make_static_files({}, {{"document_root", root + "/none"}}),
                       doctest::Contains("root/none"), std::system_error);
}

}  // namespace
