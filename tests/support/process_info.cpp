#include "process_info.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

namespace thane::testing {
namespace {

namespace fs = std::filesystem;

std::string proc(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string{file};
}

struct Stat {
  char state = 0;
  pid_t parent = 0;
  pid_t group = 0;
};

std::optional<Stat> stat_of(pid_t pid) {
  const std::string text = read_text(proc(pid, "stat"));
  // The name of the program stands in parentheses and may hold spaces and parentheses itself.
  const auto end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) {
    return std::nullopt;
  }
  Stat stat;
  std::istringstream rest{text.substr(end_of_name + 1)};
  rest >> stat.state >> stat.parent >> stat.group;
  return stat;
}

template <class Visit>
void for_each_process(Visit visit) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{"/proc", error}) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) {
      continue;
    }
    if (const auto stat = stat_of(pid)) {
      visit(pid, *stat);
    }
  }
}

template <class Visit>
void for_each_task(pid_t pid, Visit visit) {
  std::error_code error;
  fs::directory_iterator tasks{proc(pid, "task"), error};
  for (; !error && tasks != fs::directory_iterator{}; tasks.increment(error)) {
    visit(tasks->path());
  }
}

std::string field(const std::string& text, std::string_view name) {
  std::istringstream lines{text};
  const std::string start = std::string{name} + ":";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(start)) {
      const auto value = line.find_first_not_of(" \t", start.size());
      return value == std::string::npos ? std::string{} : line.substr(value);
    }
  }
  return {};
}

std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream{text};
  for (std::string part; std::getline(stream, part, '\0');) {
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

std::string read_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();  // To read of a process that ends meanwhile is an error, but no exception.
  return text.str();
}

char state_of(pid_t pid) {
  const auto stat = stat_of(pid);
  return stat ? stat->state : '\0';
}

bool alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z' && state != 'X';
}

bool stopped(pid_t pid) {
  return state_of(pid) == 'T';
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for_each_process([&](pid_t other, const Stat& stat) {
    if (stat.parent == pid) {
      children.push_back(other);
    }
  });
  std::sort(children.begin(), children.end());
  return children;
}

std::vector<pid_t> newborns_of(pid_t pid) {
  const std::string id = std::to_string(pid);
  std::ifstream in{"/proc/" + id + "/task/" + id + "/children"};
  return {std::istream_iterator<pid_t>{in}, std::istream_iterator<pid_t>{}};
}

std::size_t zombies_of(pid_t pid) {
  std::size_t zombies = 0;
  for_each_process(
      [&](pid_t, const Stat& stat) { zombies += stat.parent == pid && stat.state == 'Z'; });
  return zombies;
}

std::vector<pid_t> members_of_group(pid_t group) {
  std::vector<pid_t> members;
  for_each_process([&](pid_t pid, const Stat& stat) {
    if (stat.group == group && stat.state != 'Z') {
      members.push_back(pid);
    }
  });
  return members;
}

std::map<int, std::string> open_fds(pid_t pid) {
  std::map<int, std::string> fds;
  std::error_code error;
  fs::directory_iterator entries{proc(pid, "fd"), error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    std::error_code gone;
    const auto target = fs::read_symlink(entries->path(), gone);
    if (!gone) {
      fds[std::atoi(entries->path().filename().c_str())] = target.string();
    }
  }
  return fds;
}

std::string status_field(pid_t pid, std::string_view name) {
  return field(read_text(proc(pid, "status")), name);
}

bool signal_in_mask(pid_t pid, std::string_view mask, int signal) {
  const std::string text = status_field(pid, mask);
  const auto bits = text.empty() ? 0 : std::stoull(text, nullptr, 16);
  return ((bits >> (signal - 1)) & 1U) != 0;
}

std::vector<std::string> command_line_of(pid_t pid) {
  return split_at_nul(read_text(proc(pid, "cmdline")));
}

std::vector<std::string> environment_of(pid_t pid) {
  return split_at_nul(read_text(proc(pid, "environ")));
}

std::chrono::nanoseconds cpu_time_of(pid_t pid) {
  std::int64_t total = 0;
  for_each_task(pid, [&](const fs::path& task) {
    std::int64_t time_on_cpu = 0;
    std::istringstream{read_text(task / "schedstat")} >> time_on_cpu;
    total += time_on_cpu;
  });
  return std::chrono::nanoseconds{total};
}

std::uint64_t wake_ups_of(pid_t pid) {
  std::uint64_t total = 0;
  for_each_task(pid, [&](const fs::path& task) {
    const std::string count = field(read_text(task / "status"), "voluntary_ctxt_switches");
    total += count.empty() ? 0 : std::stoull(count);
  });
  return total;
}

std::uint64_t anonymous_pss_kib_of(pid_t pid) {
  const std::string text = field(read_text(proc(pid, "smaps_rollup")), "Pss_Anon");
  return text.empty() ? 0 : std::stoull(text);
}

}  // namespace thane::testing
