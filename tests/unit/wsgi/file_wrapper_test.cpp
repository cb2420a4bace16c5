#include <thane/wsgi/file_wrapper.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/wsgi/file_body.hpp>

#include "connection.hpp"
#include "memory_transport.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::MemoryTransport;
using testing::TemporaryDirectory;
using wsgi::Environ;
using wsgi::StartResponse;

namespace {

struct Answer {
  std::string text;
  std::uint64_t by_kernel = 0;
};

Answer answer_of(const wsgi::Application& application, const std::string& method = "GET") {
  Answer answer;
  FiberLoop{{.time = Time::simulated}}.run([&] {
    wsgi::internal::Site site;
    site.application = application;
    MemoryTransport transport{method + " / HTTP/1.1\r\nHost: h\r\n\r\n"};
    wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
    answer = {transport.output, transport.sent_as_file};
  });
  return answer;
}

bool has(const Answer& answer, std::string_view words) {
  return answer.text.find(words) != std::string::npos;
}

struct World {
  TemporaryDirectory folder;
  std::string path = folder.write("report", std::string(200'000, 'r') + "end");
  int closed = -1;  // The descriptor's number, of the last answer.

  UniqueFd open(::off_t offset = 0) {
    UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(::lseek(file.get(), offset, SEEK_SET) == offset);
    closed = file.get();
    return file;
  }
  // Answers with the file from `offset` on, by what the environ has for it.
  wsgi::WsgiApplication sends(StartResponse::Headers headers, ::off_t offset = 0) {
    return [this, headers = std::move(headers), offset](Environ& request,
                                                        const StartResponse& start_response) {
      start_response("200 OK", headers);
      const auto* const wrap = request.object<wsgi::FileWrapper>("wsgi.file_wrapper");
      REQUIRE(wrap != nullptr);
      return (*wrap)(open(offset), wsgi::default_block);
    };
  }
  [[nodiscard]] bool is_closed() const { return ::fcntl(closed, F_GETFD) == -1; }
};

TEST_CASE_FIXTURE(World, "a wrapped file is sent by the kernel, with its length") {
  const auto answer = answer_of(wsgi::from_wsgi(sends({{"Content-Type", "text/plain"}})));
  CHECK(has(answer, "Content-Length: 200003\r\n"));
  CHECK(answer.text.ends_with("rrrend"));
  CHECK(answer.by_kernel > 100'000);  // All but what went out with the head.
  CHECK(is_closed());
}

TEST_CASE_FIXTURE(World, "a wrapped file begins at its offset and is cut at the length given") {
  CHECK(answer_of(wsgi::from_wsgi(sends({}, 199'998))).text.ends_with("\r\n\r\nrrend"));
  const auto cut = answer_of(wsgi::from_wsgi(sends({{"Content-Length", "4"}}, 199'998)));
  CHECK(cut.text.ends_with("\r\n\r\nrren"));
  const auto nothing = answer_of(wsgi::from_wsgi(sends({}, 200'003)));
  CHECK(has(nothing, "Content-Length: 0\r\n"));
  CHECK(nothing.text.ends_with("\r\n\r\n"));
}

TEST_CASE_FIXTURE(World, "a wrapped file is closed where nobody wants its octets") {
  const auto answer = answer_of(wsgi::from_wsgi(sends({})), "HEAD");
  CHECK(answer.text.ends_with("\r\n\r\n"));
  CHECK(has(answer, "Content-Length: 200003\r\n"));
  CHECK(is_closed());
}

TEST_CASE_FIXTURE(World, "a file behind write(), and below a filter of the other form, is whole") {
  const auto after_write = [this](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"Content-Length", "11"}})("written ");
    return wsgi::wrap_file(open(200'000));
  };
  CHECK(answer_of(wsgi::from_wsgi(after_write)).text.ends_with("\r\n\r\nwritten end"));
  const auto both_ways = wsgi::from_wsgi(wsgi::to_wsgi(wsgi::from_wsgi(sends({}))));
  const auto answer = answer_of(both_ways);
  CHECK(answer.text.ends_with("rrrend"));
  CHECK(answer.by_kernel > 100'000);
  CHECK(is_closed());
}

TEST_CASE("what only reads like a file is read in blocks, and closed once") {
  std::string blocks;
  int closes = 0;
  const auto application = [&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"Content-Length", "6"}});
    return wsgi::wrap_reader(
        [&, left = std::string{"abcdef"}](std::size_t size) mutable {
          blocks += std::to_string(size) + " ";
          return std::exchange(left, left.size() > size ? left.substr(size) : "").substr(0, size);
        },
        [&] { ++closes; }, 4);
  };
  CHECK(answer_of(wsgi::from_wsgi(application)).text.ends_with("\r\n\r\nabcdef"));
  CHECK(blocks.starts_with("4 4"));
  CHECK(closes == 1);
}

TEST_CASE("a pipe is read to its end, and what is no file is an error") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd from{ends[0]};
  UniqueFd to{ends[1]};
  REQUIRE(::write(to.get(), "piped", 5) == 5);
  to = UniqueFd{};
  const auto application = [&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"Content-Length", "5"}});
    return wsgi::wrap_file(std::move(from));
  };
  CHECK(answer_of(wsgi::from_wsgi(application)).text.ends_with("\r\n\r\npiped"));
  CHECK_THROWS_AS((void)wsgi::wrap_file(UniqueFd{}), std::system_error);
}

}  // namespace
