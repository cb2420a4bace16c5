// Lines that are written without a lock and without memory: to the right place, whole, or not at
// all.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/emergency_line.hpp>
#include <thane/log_options.hpp>
#include <thane/unique_fd.hpp>

#include "support/temporary_directory.hpp"

using thane::UniqueFd;
using thane::log::Format;
using thane::log::Level;
using thane::log::internal::emergency_line;

namespace {

class LogFile {
 public:
  explicit LogFile(Format format) {
    thane::log::set_format(format);
    thane::log::set_process_context({.service = "shop", .worker = 3, .generation = 2});
    thane::log::to_file(path_);
  }
  ~LogFile() {
    thane::log::to_stderr();
    thane::log::set_process_context({});
    thane::log::set_format(Format::text);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  [[nodiscard]] std::string text() const {
    std::ifstream file{path_};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

 private:
  thane::testing::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/log";
};

TEST_CASE("an emergency line goes where the log goes and looks like any other") {
  const LogFile log{Format::text};
  thane::log::critical("same");
  emergency_line(Level::critical, "same");
  const std::string text = log.text();
  const std::string prefix = " CRITICAL " + std::to_string(::getpid()) + " shop/3 g2: same\n";
  const auto first = text.find(prefix);
  REQUIRE(first != std::string::npos);
  CHECK(text.ends_with(prefix));
  CHECK(text.size() == 2 * (first + prefix.size()));
  CHECK(text[text.size() / 2 + 10] == 'T');  // Its time, as that of the first.
}

TEST_CASE("in JSON it is escaped, and tells of the fiber") {
  const LogFile log{Format::json};
  thane::FiberLoop loop;
  loop.run([] { emergency_line(Level::error, "say \"no\"\n\x01\xff"); });
  const auto line = nlohmann::json::parse(log.text());
  CHECK(line["message"] == "say \"no\"\n\x01\xef\xbf\xbd");
  CHECK(line["level"] == "ERROR");
  CHECK(line["service"] == "shop");
  CHECK(line["worker"] == 3);
  CHECK(line["generation"] == 2);
  CHECK(line["fiber"].get<int>() > 0);
}

TEST_CASE("one that is too long is cut, and still a line") {
  const LogFile log{Format::json};
  emergency_line(Level::error, std::string(100'000, '\x01'));
  const std::string text = log.text();
  CHECK(text.size() <= PIPE_BUF);
  CHECK(text.ends_with("\"}\n"));
  CHECK(nlohmann::json::parse(text)["message"].get<std::string>().size() > 300);
}

TEST_CASE("one that is filtered out is not written") {
  const LogFile log{Format::text};
  thane::log::set_level(Level::critical);
  emergency_line(Level::error, "no");
  thane::log::set_level(Level::info);
  CHECK(log.text().empty());
}

TEST_CASE("a stuck reader loses lines and stops nobody; when it reads again they come again") {
  std::array<int, 2> ends{};
  thane::check(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), "pipe2");
  UniqueFd reader{ends[0]};
  const UniqueFd writer{ends[1]};
  thane::log::to_file("/proc/self/fd/" + std::to_string(writer.get()));
  std::vector<char> room(PIPE_BUF);
  while (::write(writer.get(), room.data(), room.size()) > 0) {
  }
  for (int i = 0; i < 1000; ++i) {
    emergency_line(Level::error, "lost");
  }
  while (::read(reader.get(), room.data(), room.size()) > 0) {
  }
  emergency_line(Level::error, "here again");
  const ssize_t count = ::read(reader.get(), room.data(), room.size());
  REQUIRE(count > 0);
  const std::string line{room.data(), static_cast<std::size_t>(count)};
  CHECK(line.ends_with(": here again\n"));
  CHECK(line.find('\n') == line.size() - 1);

  reader.reset();
  emergency_line(Level::error, "nobody reads");  // No SIGPIPE.
  thane::log::to_stderr();
}

}  // namespace
