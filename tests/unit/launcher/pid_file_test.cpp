// One process and its pid file. What a second process meets is in integration/pid_file_test.cpp.
#include "pid_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "support/temporary_directory.hpp"

using thane::UniqueFd;
using thane::internal::PidFile;
using thane::internal::remove_pid_file;
namespace fs = std::filesystem;

namespace {

struct Directory : thane::testing::TemporaryDirectory {
  const std::string pid_path = file("program.pid");

  std::string text() const {
    std::ifstream stream{pid_path};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  std::string refusal() const {
    try {
      const PidFile pid_file{pid_path};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }
};

const std::string own_line = std::to_string(::getpid()) + "\n";

TEST_CASE_FIXTURE(Directory, "the file holds this process's pid as long as the object lives") {
  {
    const PidFile pid_file{pid_path};
    CHECK(text() == own_line);
    struct stat status {};
    REQUIRE(::stat(pid_path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0644U);
  }
  CHECK_FALSE(fs::exists(pid_path));
}

TEST_CASE_FIXTURE(Directory, "what the file says stops nobody: only the lock does") {
  for (const std::string& left : {std::string{}, std::string{"1\n"}, own_line,
                                  std::string{"12345678901234567890\n"}, std::string(20, '\0')}) {
    CAPTURE(left);
    write("program.pid", left);
    const PidFile pid_file{pid_path};
    CHECK(text() == own_line);
  }
}

TEST_CASE_FIXTURE(Directory, "a file that is locked is an error with its holder's pid") {
  write("program.pid", own_line);
  const UniqueFd other{::open(pid_path.c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE(::flock(other.get(), LOCK_EX) == 0);
  CHECK(refusal() == "pid_file = " + pid_path + ": process " + std::to_string(::getpid()) +
                         " runs and holds it; stop that first, or name another file");
  REQUIRE(::ftruncate(other.get(), 0) == 0);
  CHECK(refusal() == "pid_file = " + pid_path +
                         ": another process holds it; stop that first, or name another file");
}

TEST_CASE_FIXTURE(Directory, "a file that is no pid file keeps what is in it") {
  for (const std::string& left : {std::string{"workers = 4\n"}, std::string(64, '1')}) {
    write("program.pid", left);
    CHECK(refusal() == "pid_file = " + pid_path +
                           ": holds something else than the number of a process; name another");
    CHECK(text() == left);
  }
}

TEST_CASE_FIXTURE(Directory, "links and other files than plain ones are refused") {
  const std::string precious = write("precious", "1\n");
  fs::create_symlink(precious, pid_path);
  CHECK(refusal() == "pid_file = " + pid_path + ": is a symbolic link; name the file itself");
  fs::remove(pid_path);
  fs::create_hard_link(precious, pid_path);
  CHECK(refusal() ==
        "pid_file = " + pid_path + ": is no plain file with a single name; name another");
  fs::remove(pid_path);
  REQUIRE(::mkfifo(pid_path.c_str(), 0600) == 0);
  CHECK(refusal() ==
        "pid_file = " + pid_path + ": is no plain file with a single name; name another");
}

TEST_CASE_FIXTURE(Directory, "a place that cannot be written to is an error with the reason") {
  CHECK_THROWS_WITH(PidFile{file("missing/program.pid")},
                    ("pid_file = " + file("missing/program.pid") +
                     ": cannot be opened: No such file or directory")
                        .c_str());
}

TEST_CASE_FIXTURE(Directory, "a file that a successor has put in its place is not removed") {
  {
    const PidFile pid_file{pid_path};
    write("program.pid", "4711\n");
  }
  CHECK(text() == "4711\n");
}

// Takes the file as a program that starts and ends does, as often as it can.
void come_and_go(const std::string& path, const std::atomic<bool>& enough) {
  while (!enough) {
    const UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    struct stat there {};
    struct stat here {};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &here) == 0 &&
        ::stat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino) {
      ::unlink(path.c_str());
    }
  }
}

TEST_CASE_FIXTURE(Directory,
                  "what is locked is the file that is there, however others come and go") {
  std::atomic<bool> enough = false;
  std::thread other{[&] { come_and_go(pid_path, enough); }};
  int taken = 0;
  int lost = 0;
  for (int i = 0; i < 2000 || (taken == 0 && i < 1000000); ++i) {
    try {
      const PidFile pid_file{pid_path};
      ++taken;
      if (text() != own_line) ++lost;
    } catch (const std::runtime_error&) {  // The other has it.
    }
  }
  enough = true;
  other.join();
  CHECK(taken > 0);
  CHECK(lost == 0);
}

TEST_CASE_FIXTURE(Directory, "an end without destructors can remove the file") {
  remove_pid_file();  // There is none.
  const PidFile pid_file{pid_path};
  remove_pid_file();
  CHECK_FALSE(fs::exists(pid_path));
}

TEST_CASE_FIXTURE(Directory, "a name stays the same file when the directory changes") {
  const fs::path before = fs::current_path();
  fs::current_path(fs::path{pid_path}.parent_path());
  {
    const PidFile pid_file{"program.pid"};
    fs::current_path("/");
    CHECK(text() == own_line);
  }
  CHECK_FALSE(fs::exists(pid_path));
  fs::current_path(before);
}

}  // namespace
