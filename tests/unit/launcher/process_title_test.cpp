// What others see of this process. The memory of the arguments comes first: the other one takes the
// place of it for good.
#include "process_title.hpp"

#include <doctest/doctest.h>
#include <errno.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

using namespace thane::internal;

namespace {

std::string text_of(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string command_line() {
  return text_of("/proc/self/cmdline");
}

std::string short_name() {
  return text_of("/proc/self/comm");
}

/// `text` as the kernel shows it, with the zero that ends it.
std::string shown(const std::string& text) {
  return "unit.launcher: " + text + '\0';
}

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** entry = ::environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

TEST_CASE("in the memory of the arguments a title hides no argument and no variable") {
  ::setenv("THANE_TITLE_TEST", "set after the start", 1);
  const auto variables = environment();
  const std::string name = program_invocation_name;

  const auto memory = title_memory_of_arguments();
  REQUIRE(memory.size() > name.size());
  write_title(memory, "in the place of arguments");
  CHECK(command_line() == shown("in the place of arguments"));

  write_title(memory, std::string(2 * memory.size(), 'x'));
  CHECK(command_line().size() == memory.size() - 1);
  CHECK(environment() == variables);
  CHECK(name == program_invocation_name);
  CHECK(std::string{"unit.launcher"} == program_invocation_short_name);
  write_title(memory, "short");
  CHECK(command_line() == shown("short"));
}

TEST_CASE("memory of its own is refused while another thread may grow the heap") {
  std::atomic<bool> enough = false;
  std::thread other{[&] { enough.wait(false); }};
  CHECK(title_memory_of_its_own().empty());
  enough = true;
  enough.notify_all();
  other.join();
}

TEST_CASE("a title is what others see, as long or short as it is") {
  ::setenv("PATH", "/bin", 0);
  const char* path = std::getenv("PATH");
  const std::string path_before = path;
  for (const std::string& title :
       {std::string{"parent 4/4 g3"}, std::string{"worker web/0 g3 draining"}, std::string{},
        std::string(2000, 'x'), std::string{"worker 0"}}) {
    set_process_title(title);
    CHECK(command_line() == shown(title));
  }
  set_process_title(std::string(10'000, 'x'));
  CHECK(command_line().size() == 4095);
  CHECK(std::getenv("PATH") == path);
  CHECK(path == path_before);
  // A large heap grows as before.
  const std::vector<std::string> heap(10'000, std::string(100, 'x'));
  CHECK(heap.back().size() == 100);
}

TEST_CASE("the short name is the program's, and a worker's is added to it") {
  set_process_title("parent 4/4 g3");
  CHECK(short_name() == "unit.launcher\n");
  set_process_title("worker web/0 g3 draining");
  CHECK(short_name() == "unit.laun:web/0\n");
  set_process_title("worker 12");
  CHECK(short_name() == "unit.launche:12\n");
  set_process_title("worker a-service-of-many-letters/0");
  CHECK(short_name() == ":a-service-of-m\n");
}

}  // namespace
