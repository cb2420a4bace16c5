#include "hygiene.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

namespace {
constexpr rlim_t descriptors_besides = 32;  // Standard streams, log, listeners, the loop's own.
constexpr int oom_score_step = 100;
constexpr int oom_score_max = 1000;

rlim_t descriptors_needed(int workers, DescriptorsEach each) {
  return static_cast<rlim_t>(workers) * static_cast<rlim_t>(each) + descriptors_besides;
}
}  // namespace

rlimit descriptor_limit_for(int workers, rlimit now, DescriptorsEach each) {
  const rlim_t needed = descriptors_needed(workers, each);
  if (now.rlim_cur >= needed) {
    return now;
  }
  if (now.rlim_max < needed) {
    throw std::runtime_error(fmt::format(
        "{} workers need {} open files, but the hard limit is {}; raise it (ulimit -Hn, "
        "LimitNOFILE=) or run fewer workers",
        workers, needed, now.rlim_max));
  }
  return {.rlim_cur = needed, .rlim_max = now.rlim_max};
}

void ensure_descriptors_for(int workers, DescriptorsEach each) {
  rlimit now{};
  check(::getrlimit(RLIMIT_NOFILE, &now), "getrlimit");
  const rlimit wanted = descriptor_limit_for(workers, now, each);
  if (wanted.rlim_cur != now.rlim_cur) {
    check(::setrlimit(RLIMIT_NOFILE, &wanted), "setrlimit");
  }
}

rlimit descriptor_limit_of(int wanted, int workers, rlimit now, DescriptorsEach each) {
  const auto limit = static_cast<rlim_t>(wanted);
  if (const rlim_t needed = descriptors_needed(workers, each); limit < needed) {
    throw std::runtime_error(
        fmt::format("max_open_files = {}: {} workers need {} open files", wanted, workers, needed));
  }
  return {.rlim_cur = limit, .rlim_max = std::max(now.rlim_max, limit)};
}

void set_descriptor_limit(int wanted, int workers, DescriptorsEach each) {
  rlimit now{};
  check(::getrlimit(RLIMIT_NOFILE, &now), "getrlimit");
  const rlimit limit = descriptor_limit_of(wanted, workers, now, each);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw std::runtime_error(
        fmt::format("max_open_files = {}: the hard limit is {}, and this process may not raise it "
                    "to that; raise "
                    "it before (ulimit -Hn, LimitNOFILE=, fs.nr_open) or ask for less",
                    wanted, now.rlim_max));
  }
}

void flush_stdio() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(nullptr);
}

void raise_oom_score() noexcept {
  const UniqueFd file{::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC)};
  char text[16] = {};
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) {
    return;
  }
  const std::string raised =
      fmt::format("{}", std::min(std::atoi(text) + oom_score_step, oom_score_max));
  (void)!::pwrite(file.get(), raised.data(), raised.size(), 0);
}

}  // namespace thane::internal
