#include <thane/wsgi/middleware/gzip.hpp>

#include <doctest/doctest.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/wsgi/file_response.hpp>

#include "answered.hpp"
#include "middleware/accept_encoding.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::Answered;
using wsgi::Request;
using wsgi::Response;

namespace {

constexpr std::string_view takes_gzip = "Accept-Encoding: gzip\r\n";

// As much of it as can be had by now.
std::string unzip(std::string_view data) {
  z_stream stream{};
  REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string copy{data};
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  std::string out;
  std::array<char, 4096> buffer{};
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    result = ::inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  ::inflateEnd(&stream);
  return out;
}

std::string words(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "word " + std::to_string(i) + ", ";
  return text;
}

Answered zipped(const wsgi::Application& application, std::string_view fields = takes_gzip,
                std::string_view method = "GET", wsgi::GzipOptions options = {}) {
  return testing::answer_of(wsgi::gzip(std::move(options))(application), method, "/", fields);
}

bool is_zipped(const Response& response, std::string_view fields = takes_gzip) {
  return zipped([&](Request&) { return response; }, fields).header("Content-Encoding") == "gzip";
}

TEST_CASE("gzip is preferred where it has a weight, and not less than no coding") {
  for (const char* const list :
       {"gzip", "GZIP;q=1.0", "x-gzip", "deflate, gzip;q=0.5", "*", "gzip ; q=0.001", "br,*;q=0.1",
        "gzip;q=0.5, identity;q=0.5", "identity;q=0.2,*;q=0.3", "gzip,", "gzip;q=0.4,*;q=0.8"}) {
    CAPTURE(list);
    CHECK(wsgi::internal::prefers_gzip(list));
  }
  for (const char* const list :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0,*", "gzip;q=2",
        "gzip;q=0.5, identity", "gzip;q=x", "gzip;level=1", "gzip;q=0.1234", "gzip deflate",
        "identity,*;q=0.5"}) {
    CAPTURE(list);
    CHECK_FALSE(wsgi::internal::prefers_gzip(list));
  }
}

TEST_CASE("a body is compressed, and the answer says so") {
  const std::string text = words(20'000);  // On a thread.
  const auto answered = zipped([&](Request&) {
    return Response::text(text).add_header("ETag", "\"1\"").add_header("Accept-Ranges", "bytes");
  });
  CHECK(answered.header("Content-Encoding") == "gzip");
  CHECK(answered.header("Vary") == "Accept-Encoding");
  CHECK(answered.header("ETag") == "W/\"1\"");
  CHECK(answered.header("Accept-Ranges").empty());
  CHECK(answered.body.size() < text.size() / 2);
  CHECK(unzip(answered.body) == text);
  const auto head = zipped([&](Request&) { return Response::text(text); }, takes_gzip, "HEAD");
  CHECK(head.body.size() == answered.body.size());  // Which the server counts, and does not send.
}

TEST_CASE("who does not ask for it gets the body as it is, and caches are told") {
  const auto plain = zipped([](Request&) { return Response::text(words(2000)); }, "");
  CHECK(plain.header("Content-Encoding").empty());
  CHECK(plain.header("Vary") == "Accept-Encoding");
  CHECK(plain.body == words(2000));
  const auto varying = zipped([](Request&) {
    return Response::text(words(2000)).add_header("Vary", "Origin, accept-encoding");
  });
  CHECK(varying.header("Vary") == "Origin, accept-encoding");
}

TEST_CASE("what cannot gain, or may not be changed, is left alone") {
  const std::string text = words(2000);
  CHECK(is_zipped(Response::text(text)));
  CHECK(is_zipped(Response::text(text).set_status(404)));
  CHECK(is_zipped(Response{}.set_body(text).add_header("Content-Type", "Application/Vnd.x+JSON")));
  CHECK_FALSE(is_zipped(Response::text("short")));
  CHECK_FALSE(is_zipped(Response{}.set_body(text).add_header("Content-Type", "image/png")));
  CHECK_FALSE(is_zipped(Response{}.set_body(text)));
  CHECK_FALSE(is_zipped(Response::text(text).add_header("Content-Encoding", "br")));
  CHECK_FALSE(is_zipped(Response::text(text).add_header("Cache-Control", "private, No-Transform")));
  CHECK_FALSE(is_zipped(Response::text(text).set_status(206)));
  CHECK_FALSE(is_zipped(Response{204}.add_header("Content-Type", "text/plain")));
  CHECK_FALSE(is_zipped(Response::text(text), "Accept-Encoding: gzip;q=0\r\n"));
  std::string noise(2000, '\0');
  std::ifstream{"/dev/urandom"}.read(noise.data(), static_cast<std::streamsize>(noise.size()));
  CHECK_FALSE(is_zipped(Response::text(noise)));
}

TEST_CASE("a body of the least size is compressed, a shorter one is not") {
  const std::string text = words(700);
  const auto encoding = [&text](std::size_t least) {
    const auto plain = [&text](Request&) { return Response::text(text); };
    return zipped(plain, takes_gzip, "GET", {.minimum_size = least}).header("Content-Encoding");
  };
  CHECK(encoding(text.size()) == "gzip");
  CHECK(encoding(text.size() + 1).empty());
}

TEST_CASE("what goes into a stream comes out before the next piece is asked for") {
  std::vector<std::string> made;
  const auto streaming = [&made](Request&) {
    return Response::stream(
        [&made]() -> std::optional<std::string> {
          if (made.size() == 3) return std::nullopt;
          made.push_back("piece " + std::to_string(made.size()) + ";");
          return made.back();
        },
        "text/plain");
  };
  FiberLoop loop;
  loop.run([&] {
    testing::MadeRequest request{"GET", "/", takes_gzip};
    const auto response = wsgi::gzip()(streaming)(*request);
    CHECK_FALSE(response.header("Content-Length"));
    std::string sent, expected;
    for (std::size_t count = 1; count <= 3; ++count) {
      sent += response.body_stream()().value();
      CHECK(made.size() == count);
      expected += made.back();
      CHECK(unzip(sent) == expected);
    }
    sent += response.body_stream()().value();
    CHECK_FALSE(response.body_stream()());
    CHECK(unzip(sent) == expected);
  });
}

TEST_CASE("a file is compressed whole, its ranges are not, and 304 has the tag of the whole") {
  const testing::TemporaryDirectory folder;
  const std::string text = words(200'000);
  const std::string path = folder.write("a.txt", text);
  // So long ago that its tag is a strong one.
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
  const wsgi::Application files = [&](Request& request) {
    return wsgi::file_response(request, path);
  };
  const auto whole = zipped(files);
  CHECK(unzip(whole.body) == text);
  CHECK(whole.header("Content-Length").empty());
  const std::string tag = whole.header("ETag");
  CHECK(tag == "W/" + zipped(files, "").header("ETag"));
  const std::string fields{takes_gzip};
  const auto known = zipped(files, fields + "If-None-Match: " + tag + "\r\n");
  CHECK(known.status() == 304);
  CHECK(known.header("ETag") == tag);
  CHECK(known.header("Vary") == "Accept-Encoding");
  const auto part = zipped(files, fields + "Range: bytes=0-1999\r\n");
  CHECK(part.status() == 206);
  CHECK(part.body == text.substr(0, 2000));
  const auto head = zipped(files, takes_gzip, "HEAD");
  CHECK(head.header("Content-Encoding") == "gzip");
  CHECK(head.header("Content-Length").empty());
}

TEST_CASE("a Paste file says level, size and types") {
  const auto made = [](const wsgi::Settings& settings, std::size_t size) {
    const auto application = [size](Request&) { return Response::text(words(size)); };
    return testing::answer_of(wsgi::make_gzip({}, settings)(application), "GET", "/", takes_gzip)
        .header("Content-Encoding");
  };
  CHECK(made({{"compress_level", "1"}}, 2000) == "gzip");
  CHECK(made({{"minimum_size", "10"}}, 100) == "gzip");
  CHECK(made({{"minimum_size", "4000"}}, 2000).empty());
  CHECK(made({{"types", "image/svg+xml application/json"}}, 2000).empty());
  CHECK_THROWS_AS((void)wsgi::make_gzip({}, {{"compress_level", "10"}}), std::invalid_argument);
}

}  // namespace
