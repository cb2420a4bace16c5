#include <thane/wsgi/file_response.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/wsgi/file_body.hpp>

#include "answered.hpp"
#include "connection.hpp"
#include "files/byte_ranges.hpp"
#include "files/file_answer.hpp"
#include "files/http_date.hpp"
#include "files/preconditions.hpp"
#include "memory_transport.hpp"
#include "support/http_corpus.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::Answered;
using testing::MadeRequest;
using testing::TemporaryDirectory;
using namespace wsgi::internal;
using RangesKind = WantedRanges::Kind;

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::time_t long_ago = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view long_ago_text = "Sun, 06 Nov 1994 08:49:37 GMT";

struct File {
  TemporaryDirectory folder;
  std::string path;

  explicit File(std::string_view text = digits, std::time_t changed = long_ago)
      : path(folder.write("digits.txt", text)) {
    const timespec times[2] = {{changed, 0}, {changed, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  }

  [[nodiscard]] Answered get(std::string_view fields = "", std::string_view method = "GET") const {
    return testing::answer_of(
        [this](wsgi::Request& request) { return wsgi::file_response(request, path); }, method, "/",
        fields);
  }
  [[nodiscard]] std::string etag() const { return get().header("ETag"); }
};

std::string field(std::string_view name, std::string_view value) {
  return std::string{name}.append(": ").append(value).append("\r\n");
}

TEST_CASE("a date is read in the three forms of HTTP, and in no other") {
  const std::time_t now = 1790000000;  // 2026
  CHECK(format_http_date(long_ago) == long_ago_text);
  CHECK(format_http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(parse_http_date(long_ago_text, now) == long_ago);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == long_ago);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == long_ago);
  CHECK(parse_http_date("Sunday, 06-Nov-76 08:49:37 GMT", now) == 3371878177);  // 2076
  CHECK(parse_http_date("Sunday, 06-Nov-77 08:49:37 GMT", now) == 247654177);   // 1977
  for (const char* const bad :
       {"", "yesterday", "784111777", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Xxx, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun Nov 06 08:49:37 199"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_http_date(bad, now));
  }
}

TEST_CASE("a list of tags is compared strongly or weakly, up to what is no tag") {
  const auto strong = [](std::string_view list, std::string_view tag) {
    return any_tag_matches(list, tag, Comparison::strong);
  };
  const auto weak = [](std::string_view list, std::string_view tag) {
    return any_tag_matches(list, tag, Comparison::weak);
  };
  CHECK(strong("\"a\"", "\"a\""));
  CHECK(strong("\"x,y\" , ,\"a\"", "\"a\""));
  CHECK_FALSE(strong("W/\"a\"", "\"a\""));
  CHECK_FALSE(strong("W/\"a\"", "W/\"a\""));
  CHECK(weak("W/\"a\"", "\"a\""));
  CHECK(weak("\"b\", \"a\"", "W/\"a\""));
  CHECK_FALSE(weak("a", "\"a\""));
  CHECK_FALSE(weak("\"b\" \"a\"", "\"a\""));
  CHECK_FALSE(weak("\"a", "\"a\""));
  CHECK_FALSE(weak("w/\"a\"", "\"a\""));
}

TEST_CASE("ranges are what RFC 9110 says, and what is not one does not count") {
  const auto one = [](std::string_view text) { return parse_byte_ranges(text, 10, 4); };
  const auto is_range = [&](std::string_view text, std::uint64_t first, std::uint64_t size) {
    const auto wanted = one(text);
    return wanted.kind == RangesKind::some &&
           wanted.ranges == std::vector<ByteRange>{{first, size}};
  };
  CHECK(is_range("bytes=0-0", 0, 1));
  CHECK(is_range("Bytes=2-5", 2, 4));
  CHECK(is_range("bytes= 7- ", 7, 3));
  CHECK(is_range("bytes=-3", 7, 3));
  CHECK(is_range("bytes=-99", 0, 10));
  CHECK(is_range("bytes=8-99999999999999999999999", 8, 2));
  CHECK(is_range("bytes=,1-2,,50-60", 1, 2));
  for (const char* const bad : {"bytes", "bytes=", "bytes=,", "lines=0-1", "bytes=a-b", "bytes=5-2",
                                "bytes=-", "bytes=1", "bytes=1-2-3", "bytes=1-2,x", "bytes=+1-2",
                                "bytes =1-2", "bytes=0-0,1-1,2-2,3-3,4-4", "bytes=0-8,0-8"}) {
    CAPTURE(bad);
    CHECK(one(bad).kind == RangesKind::all);
  }
  CHECK(one("bytes=10-").kind == RangesKind::unsatisfiable);
  CHECK(one("bytes=-0").kind == RangesKind::unsatisfiable);
  CHECK(parse_byte_ranges("bytes=0-", 0, 4).kind == RangesKind::unsatisfiable);
  CHECK(parse_byte_ranges("bytes=-5", 0, 4).kind == RangesKind::all);
}

TEST_CASE("a file is answered whole, with what tells its state") {
  const File file;
  const auto answered = file.get();
  CHECK(answered.status() == 200);
  CHECK(answered.body == digits);
  CHECK(answered.header("Content-Length") == "10");
  CHECK(answered.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(answered.header("Last-Modified") == long_ago_text);
  CHECK(answered.header("Accept-Ranges") == "bytes");
  CHECK(answered.header("ETag").starts_with("\"a-"));
  CHECK(file.get("", "HEAD").header("Content-Length") == "10");
  CHECK(file.get("", "POST").status() == 405);
  CHECK(file.get("", "POST").header("Allow") == "GET, HEAD");
}

TEST_CASE("a file that changed within the last second has a weak tag") {
  struct stat status {};
  status.st_size = 10;
  status.st_mtim = {1000, 500};
  CHECK(validators_of(status, {1001, 499}).etag.starts_with("W/\"a-"));
  CHECK(validators_of(status, {1001, 500}).etag.starts_with("\"a-"));
  CHECK_FALSE(validators_of(status, {1001, 499}).modified_long_ago);
  CHECK(validators_of(status, {900, 0}).modified == 900);
}

TEST_CASE("conditions are looked at in the order of RFC 9110") {
  const File file;
  const std::string tag = file.etag();
  const std::string later = "Sun, 06 Nov 1994 08:49:38 GMT",
                    earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  const auto status = [&file](const std::string& fields, std::string_view method = "GET") {
    return file.get(fields, method).status();
  };
  CHECK(status(field("If-Match", tag)) == 200);
  CHECK(status(field("If-Match", "*")) == 200);
  CHECK(status(field("If-Match", "\"other\"")) == 412);
  CHECK(status(field("If-Match", "W/" + tag)) == 412);
  CHECK(status(field("If-Unmodified-Since", long_ago_text)) == 200);
  CHECK(status(field("If-Unmodified-Since", earlier)) == 412);
  CHECK(status(field("If-Match", tag) + field("If-Unmodified-Since", earlier)) == 200);
  CHECK(status(field("If-None-Match", tag)) == 304);
  CHECK(status(field("If-None-Match", "W/" + tag), "HEAD") == 304);
  CHECK(status(field("If-None-Match", "*")) == 304);
  CHECK(status(field("If-None-Match", "\"a\"") + field("If-None-Match", tag)) == 304);
  CHECK(status(field("If-None-Match", "\"other\"")) == 200);
  CHECK(status(field("If-Modified-Since", long_ago_text)) == 304);
  CHECK(status(field("If-Modified-Since", later)) == 304);
  CHECK(status(field("If-Modified-Since", earlier)) == 200);
  CHECK(status(field("If-Modified-Since", "nonsense")) == 200);
  CHECK(status(field("If-None-Match", "\"other\"") + field("If-Modified-Since", later)) == 200);
  CHECK(status(field("If-Match", "\"other\"") + field("If-None-Match", tag)) == 412);

  const auto answered = file.get(field("If-None-Match", tag));
  CHECK(answered.header("ETag") == tag);
  CHECK(answered.header("Content-Type").empty());
  CHECK(answered.body.empty());
}

TEST_CASE("a range is answered in part, if the file is the one that the client knows") {
  const File file;
  const std::string range = field("Range", "bytes=2-4");
  const auto answered = file.get(range);
  CHECK(answered.status() == 206);
  CHECK(answered.body == "234");
  CHECK(answered.header("Content-Range") == "bytes 2-4/10");
  CHECK(answered.header("Content-Length") == "3");

  CHECK(file.get(range + field("If-Range", file.etag())).status() == 206);
  CHECK(file.get(range + field("If-Range", long_ago_text)).status() == 206);
  CHECK(file.get(range + field("If-Range", "W/" + file.etag())).status() == 200);
  CHECK(file.get(range + field("If-Range", "\"other\"")).body == digits);
  CHECK(file.get(range + field("If-Range", "Sun, 06 Nov 1994 08:49:38 GMT")).status() == 200);
  CHECK(file.get(range + field("If-None-Match", file.etag())).status() == 304);
  CHECK(file.get(range, "HEAD").status() == 200);
  CHECK(file.get(range + range).status() == 200);

  const auto refused = file.get(field("Range", "bytes=10-"));
  CHECK(refused.status() == 416);
  CHECK(refused.header("Content-Range") == "bytes */10");
}

TEST_CASE("several ranges are parts of one body, whose length is known") {
  const auto answered = File{}.get(field("Range", "bytes=0-1,-2"));
  CHECK(answered.status() == 206);
  const std::string type = answered.header("Content-Type");
  REQUIRE(type.starts_with("multipart/byteranges; boundary="));
  const std::string mark = "--" + type.substr(type.find('=') + 1);
  const std::string part = mark + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: ";
  CHECK(answered.body == part + "bytes 0-1/10\r\n\r\n01\r\n" + part + "bytes 8-9/10\r\n\r\n89\r\n" +
                             mark + "--\r\n");
  CHECK(answered.header("Content-Length") == std::to_string(answered.body.size()));
}

TEST_CASE("what is not there, no file or not to be read has its status") {
  const TemporaryDirectory folder;
  const auto status = [](const std::string& path) {
    return testing::answer_of(
               [&path](wsgi::Request& request) { return wsgi::file_response(request, path); },
               "GET", "/")
        .status();
  };
  CHECK(status(folder.file("none")) == 404);
  CHECK(status(folder.path()) == 404);
  REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
  CHECK(status(folder.file("fifo")) == 404);
  CHECK(status(folder.write("a", "b") + "/c") == 404);
}

/// A file over a connection, changed as the test likes when the answer is about to be sent.
std::string sent(const std::string& text, const std::function<void(const std::string&)>& change,
                 std::string_view method = "GET") {
  const File file{text};
  Site site;
  site.application = [&](wsgi::Request& request) {
    auto response = wsgi::file_response(request, file.path);
    change(file.path);
    return response;
  };
  const std::string request = std::string{method} + " / HTTP/1.1\r\nHost: h\r\n\r\n";
  testing::MemoryTransport transport{request + request};
  FiberLoop loop;
  loop.run([&] { Connection{site, transport, "192.0.2.1"}.run(); });
  return transport.output;
}

TEST_CASE("a file longer than a piece is sent whole, and the next answer follows it") {
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i);
  const auto answers = testing::parse_answers(sent(text, [](const std::string&) {}));
  REQUIRE(answers.size() == 2);
  CHECK((answers[0].body == text && answers[1].body == text));
  const std::string heads = sent(
      text, [](const std::string&) {}, "HEAD");
  CHECK(heads.size() < 1000);
  CHECK(heads.ends_with("\r\n\r\n"));
}

TEST_CASE("a file that becomes shorter while it is sent ends the connection") {
  const std::string text(300'000, 'x');
  const auto cut = [](const std::string& path) { REQUIRE(::truncate(path.c_str(), 100'000) == 0); };
  const std::string output = sent(text, cut);
  CHECK(output.find("Content-Length: 300000") != output.npos);
  CHECK(output.find("HTTP/1.1", 1) == output.npos);
  CHECK(output.size() - output.find("\r\n\r\n") - 4 == 100'000);
}

TEST_CASE("a stream of a file that became shorter fails, and does not end as if it were whole") {
  const File file{std::string(100'000, 'x')};
  FiberLoop loop;
  loop.run([&file] {
    auto opened = std::make_shared<const UniqueFd>(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
    wsgi::FileBody body{opened, 0, 100'000};
    CHECK(body().value().size() == 65536);
    const auto copy = body;
    REQUIRE(::truncate(file.path.c_str(), 70'000) == 0);
    CHECK(body().value().size() == 70'000 - 65536);
    CHECK_THROWS_AS((void)body(), std::runtime_error);
    CHECK(copy.offset() == 65536);
    CHECK(copy.left() == 100'000 - 65536);
  });
}

TEST_CASE("a file that is empty before its first octet is sent is an error of the server") {
  const auto empty = [](const std::string& path) { REQUIRE(::truncate(path.c_str(), 0) == 0); };
  CHECK(sent("some", empty).starts_with("HTTP/1.1 500"));
}

}  // namespace
