#include "process_title.hpp"

#include <errno.h>  // program_invocation_short_name.
#include <fmt/core.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "threads.hpp"

// The kernel reads /proc/PID/cmdline from two addresses that exec() has set. If the last byte in
// between is not zero it takes the whole for a title, which ends at its first zero.

namespace thane::internal {

namespace {

constexpr std::size_t memory_size = 4096;

// Given to what runs before main() by the C library.
int argument_count = 0;
char** arguments = nullptr;

[[gnu::constructor]] void keep_arguments(int count, char** vector, char**) {
  argument_count = count;
  arguments = vector;
}

// The fields of /proc/self/stat by their numbers in proc(5); 0: not there.
class Stat {
 public:
  Stat() {
    std::string line;
    std::getline(std::ifstream{"/proc/self/stat"}, line);
    std::istringstream rest{line.substr(std::min(line.size(), line.rfind(')') + 2))};
    std::string word;
    for (std::size_t number = 3; number < fields_.size() && rest >> word; ++number) {
      fields_[number] = std::strtoull(word.c_str(), nullptr, 10);
    }
  }
  [[nodiscard]] std::uint64_t operator[](std::size_t number) const { return fields_[number]; }

 private:
  std::array<std::uint64_t, 53> fields_{};
};

// All but the place of the arguments stays what it is.
bool read_arguments_from(const char* memory) {
  const Stat stat;
  prctl_mm_map map{};
  map.start_code = stat[26];
  map.end_code = stat[27];
  map.start_stack = stat[28];
  map.start_data = stat[45];
  map.end_data = stat[46];
  map.start_brk = stat[47];
  map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  map.arg_start = reinterpret_cast<std::uintptr_t>(memory);
  map.arg_end = map.arg_start + memory_size;
  map.env_start = stat[50];
  map.env_end = stat[51];
  map.exe_fd = std::numeric_limits<decltype(map.exe_fd)>::max();  // None.
  return ::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

// Of a title the kernel shows no more.
constexpr std::ptrdiff_t shown_at_most = 4096;

// Copies each string that lies where `end` is, and moves `end` behind it.
void move_away(char** strings, char*& end) {
  for (; *strings != nullptr; ++strings) {
    if (*strings == end) {
      end += std::strlen(end) + 1;
      *strings = ::strdup(*strings);
    }
  }
}

// 15 characters: as much of the program's name as leaves room for a worker's.
void set_short_name(std::string_view program, std::string_view title) {
  constexpr std::size_t room = 15;
  constexpr std::string_view worker = "worker ";
  std::string suffix;
  if (title.starts_with(worker)) {
    title.remove_prefix(worker.size());
    suffix = fmt::format(":{}", title.substr(0, title.find(' '))).substr(0, room);
  }
  const std::string name{program.substr(0, room - suffix.size())};
  ::prctl(PR_SET_NAME, (name + suffix).c_str());
}

std::span<char> find_memory() {
  const auto own = title_memory_of_its_own();
  return own.empty() ? title_memory_of_arguments() : own;
}

}  // namespace

std::span<char> title_memory_of_its_own() noexcept {
  try {
    if (has_second_thread()) {
      return {};
    }
    void* memory =
        ::mmap(nullptr, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return {};
    }
    if (!read_arguments_from(static_cast<char*>(memory))) {
      ::munmap(memory, memory_size);
      return {};
    }
    return {static_cast<char*>(memory), memory_size};
  } catch (...) {  // No memory.
    return {};
  }
}

std::span<char> title_memory_of_arguments() noexcept {
  if (arguments == nullptr || argument_count < 1) {
    return {};
  }
  char* const begin = arguments[0];
  char* end = begin;
  program_invocation_name = ::strdup(program_invocation_name);
  program_invocation_short_name = ::strdup(program_invocation_short_name);
  move_away(arguments, end);
  if (::environ != nullptr) move_away(::environ, end);
  std::fill(begin, end, '.');
  return {begin, std::min(end, begin + shown_at_most)};
}

void write_title(std::span<char> memory, std::string_view title) {
  if (memory.size() < 3) {
    return;
  }
  const std::size_t room = memory.size() - 2;  // One ends it, one is for the kernel to look at.
  char* end =
      fmt::format_to_n(memory.data(), room, "{}: {}", program_invocation_short_name, title).out;
  *end++ = '\0';
  // The kernel looks at the last octet of the arguments, wherever that is in this memory: if it is
  // no zero, all up to the first one is shown.
  std::fill(end, memory.data() + memory.size(), '.');
}

void set_process_title(std::string_view title) noexcept {
  try {
    static const std::span<char> memory = find_memory();
    write_title(memory, title);
    set_short_name(program_invocation_short_name, title);
  } catch (...) {  // No memory.
  }
}

}  // namespace thane::internal
