#include "log/sink.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/core.h>
#include <array>
#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thane/check.hpp>
#include <utility>

namespace {

using namespace thane::log::internal;
using std::chrono::milliseconds;
using thane::UniqueFd;

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    thane::check(::pipe2(fds.data(), O_CLOEXEC), "pipe2");
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }
  UniqueFd reader;
  UniqueFd writer;
};

// What can be read at once.
std::string drain(int fd, std::size_t limit = 1U << 20U) {
  thane::check(::fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
  std::string all(limit, '\0');
  std::size_t size = 0;
  ssize_t count = 0;
  while (size < limit && (count = ::read(fd, all.data() + size, limit - size)) > 0) {
    size += static_cast<std::size_t>(count);
  }
  all.resize(size);
  return all;
}

std::shared_ptr<SharedTurn> make_turn() {
  return std::make_shared<SharedTurn>();
}

int fill(Sink& sink, const std::string& line) {
  int lines = 0;
  while (sink.put(line) == Put::done) {
    ++lines;
    REQUIRE(lines < 100'000);
  }
  return lines;
}

std::size_t count_lines(const std::string& text, const std::string& line) {
  std::size_t lines = 0;
  for (std::size_t start = 0; start < text.size(); start += line.size()) {
    REQUIRE(text.compare(start, line.size(), line) == 0);
    ++lines;
  }
  return lines;
}

TEST_CASE("a pipe that nobody reads fills up, and does not block") {
  const Pipe pipe;
  const auto sink = make_stream_sink(pipe.writer.get(), make_turn());
  CHECK(fill(*sink, std::string(99, 'x') + '\n') > 100);
  CHECK_FALSE(sink->wait(milliseconds{0}));
}

TEST_CASE("a pipe keeps its mode, which other processes may share") {
  const Pipe pipe;
  const auto sink = make_stream_sink(pipe.writer.get(), make_turn());
  fill(*sink, "line\n");
  CHECK((::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("lines longer than a pipe takes whole are completed before the next one") {
  for (const std::size_t length : {std::size_t{100}, std::size_t{5000}, std::size_t{8192},
                                   std::size_t{70'001}, std::size_t{200'000}}) {
    CAPTURE(length);
    const Pipe pipe;
    const auto sink = make_stream_sink(pipe.writer.get(), make_turn());
    const std::string line = std::string(length - 1, 'x') + '\n';
    std::size_t put = 0;
    std::string got;
    for (int round = 0; round < 20; ++round) {
      put += static_cast<std::size_t>(fill(*sink, line));
      got += drain(pipe.reader.get(), 30'000);
    }
    while (sink->finish() != Put::done) {
      got += drain(pipe.reader.get());
    }
    got += drain(pipe.reader.get());
    CHECK(count_lines(got, line) == put);
  }
}

TEST_CASE("another writer completes the line that one could only write in part") {
  const Pipe pipe;
  const auto turn = make_turn();
  const auto one = make_stream_sink(pipe.writer.get(), turn);
  const auto other = make_stream_sink(pipe.writer.get(), turn);
  const std::string line = std::string(9999, 'x') + '\n';
  const auto put = static_cast<std::size_t>(fill(*one, line));
  std::string got = drain(pipe.reader.get());
  CHECK(got.size() % line.size() != 0);  // Or the test shows nothing.
  CHECK(other->put(line) == Put::done);
  got += drain(pipe.reader.get());
  CHECK(count_lines(got, line) == put + 1);
}

TEST_CASE("who is killed while it writes a long line leaves a line break") {
  const Pipe pipe;
  const auto turn = make_turn();
  const auto sink = make_stream_sink(pipe.writer.get(), turn);
  REQUIRE(sink->put("first\n") == Put::done);
  struct stat status {};
  REQUIRE(::fstat(pipe.writer.get(), &status) == 0);
  turn->begin_long({.device = status.st_dev, .inode = status.st_ino});
  turn->recover();
  REQUIRE(sink->put("second\n") == Put::done);
  CHECK(drain(pipe.reader.get()) == "first\n\nsecond\n");
}

TEST_CASE("a pipe without a reader is gone, and raises no signal") {
  Pipe pipe;
  const auto sink = make_stream_sink(pipe.writer.get(), make_turn());
  pipe.reader.reset();
  CHECK(sink->put("line\n") == Put::gone);
  CHECK(sink->put("line\n") == Put::gone);
  sigset_t pending;
  REQUIRE(::sigpending(&pending) == 0);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  sigset_t blocked;
  REQUIRE(::pthread_sigmask(SIG_BLOCK, nullptr, &blocked) == 0);
  CHECK(sigismember(&blocked, SIGPIPE) == 0);
}

TEST_CASE("no SIGPIPE is left pending where the program blocks it") {
  Pipe pipe;
  const auto sink = make_stream_sink(pipe.writer.get(), make_turn());
  pipe.reader.reset();
  sigset_t sigpipe;
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  sigset_t before;
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &sigpipe, &before) == 0);
  const Put result = sink->put("line\n");
  sigset_t pending;
  REQUIRE(::sigpending(&pending) == 0);
  sigset_t after;
  REQUIRE(::pthread_sigmask(SIG_SETMASK, &before, &after) == 0);
  CHECK(result == Put::gone);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  CHECK(sigismember(&after, SIGPIPE) == 1);
}

TEST_CASE("a stream socket that nobody reads fills up, and keeps lines whole") {
  std::array<int, 2> fds{};
  thane::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), "socketpair");
  const UniqueFd reader{fds[0]};
  const UniqueFd writer{fds[1]};
  const auto sink = make_stream_sink(writer.get(), make_turn());
  const std::string line = std::string(12'344, 'x') + '\n';
  const auto put = static_cast<std::size_t>(fill(*sink, line));
  CHECK(put > 5);
  std::string got = drain(reader.get());
  CHECK(sink->finish() == Put::done);
  got += drain(reader.get());
  CHECK(count_lines(got, line) == put);
}

class Path {
 public:
  ~Path() { std::filesystem::remove(text); }
  const std::string text = fmt::format("/tmp/thane-log-{}", ::getpid());
};

TEST_CASE("a log file is created with mode 0640 and appended to by all who open it") {
  const Path path;
  const mode_t before = ::umask(0);
  const auto one = make_file_sink(path.text, make_turn());
  ::umask(before);
  const auto other = make_file_sink(path.text, make_turn());
  CHECK(one->put("one\n") == Put::done);
  CHECK(other->put("other\n") == Put::done);
  CHECK(one->put("one\n") == Put::done);
  struct stat status {};
  REQUIRE(::stat(path.text.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  std::ifstream file{path.text};
  CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "one\nother\none\n");
}

TEST_CASE("a log file that cannot be opened is an error that names it") {
  try {
    make_file_sink("/nonexistent/x.log", make_turn());
    FAIL("opened");
  } catch (const std::system_error& error) {
    CHECK(std::string{error.what()} ==
          "cannot open log file /nonexistent/x.log: No such file or directory");
  }
}

TEST_CASE("a full disk loses the line and nothing else") {
  if (::access("/dev/full", W_OK) == 0) {
    const auto sink = make_file_sink("/dev/full", make_turn());
    CHECK(sink->put("line\n") == Put::gone);
  }
}

TEST_CASE("each journal entry is one datagram, and a journal that is stuck blocks nobody") {
  const Path path;
  CHECK_FALSE(make_journal_sink(path.text));
  const UniqueFd journal{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.text.copy(address.sun_path, sizeof(address.sun_path) - 1);
  thane::check(::bind(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
               "bind");

  const auto sink = make_journal_sink(path.text);
  REQUIRE(sink);
  CHECK(sink->is_journal());
  CHECK(sink->put("MESSAGE=one\n") == Put::done);
  CHECK(sink->put("MESSAGE=two\n") == Put::done);
  CHECK(drain(journal.get(), 12) == "MESSAGE=one\n");
  CHECK(drain(journal.get(), 12) == "MESSAGE=two\n");
  CHECK(fill(*sink, "MESSAGE=more\n") > 0);
  CHECK(sink->put("MESSAGE=more\n") == Put::full);
}

TEST_CASE("JOURNAL_STREAM counts only if it names what stderr is") {
  const Pipe pipe;
  struct stat status {};
  REQUIRE(::fstat(pipe.writer.get(), &status) == 0);
  const std::string name = fmt::format("{}:{}", status.st_dev, status.st_ino);
  CHECK(is_journal_stream(name.c_str(), pipe.writer.get()));
  CHECK_FALSE(is_journal_stream("1:2", pipe.writer.get()));
  CHECK_FALSE(is_journal_stream("", pipe.writer.get()));
  CHECK_FALSE(is_journal_stream(nullptr, pipe.writer.get()));
}

}  // namespace
