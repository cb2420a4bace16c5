#include "hygiene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include <thane/check.hpp>

using thane::internal::descriptor_limit_for;
using thane::internal::descriptor_limit_of;
using thane::internal::DescriptorsEach;
using thane::internal::ensure_descriptors_for;
using thane::internal::raise_oom_score;

namespace {

rlimit rlimit_of(rlim_t soft, rlim_t hard) {
  return {.rlim_cur = soft, .rlim_max = hard};
}

int oom_score() {
  int score = 0;
  std::ifstream{"/proc/self/oom_score_adj"} >> score;
  return score;
}

TEST_CASE("a limit that is enough stays as it is") {
  for (const rlim_t soft : {rlim_t{72}, rlim_t{1024}, RLIM_INFINITY}) {
    CHECK(descriptor_limit_for(10, rlimit_of(soft, RLIM_INFINITY)).rlim_cur == soft);
  }
}

TEST_CASE("a soft limit is raised to what the workers need, the hard one is never touched") {
  const rlimit raised = descriptor_limit_for(1000, rlimit_of(1024, 4096));
  CHECK(raised.rlim_cur == 4032);  // Two for each, twice in a reload, and 32 besides.
  CHECK(raised.rlim_max == 4096);
  CHECK(descriptor_limit_for(1000, rlimit_of(1024, 4032)).rlim_cur == 4032);
}

TEST_CASE("workers whose streams are captured need twice as many") {
  CHECK(descriptor_limit_for(10, rlimit_of(64, 4096), DescriptorsEach::captured).rlim_cur == 112);
  CHECK_THROWS_WITH(static_cast<void>(descriptor_limit_of(111, 10, rlimit_of(64, 4096),
                                                          DescriptorsEach::captured)),
                    "max_open_files = 111: 10 workers need 112 open files");
}

TEST_CASE("a hard limit that forbids it is an error with the number needed and what to do") {
  CHECK_THROWS_WITH(static_cast<void>(descriptor_limit_for(1000, rlimit_of(1024, 4031))),
                    "1000 workers need 4032 open files, but the hard limit is 4031; raise it "
                    "(ulimit -Hn, LimitNOFILE=) or run fewer workers");
}

TEST_CASE("the limit of this process is raised, and not lowered") {
  rlimit before{};
  thane::check(::getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
  const rlimit low = rlimit_of(64, before.rlim_max);
  thane::check(::setrlimit(RLIMIT_NOFILE, &low), "setrlimit");
  rlimit now{};
  for (const int workers : {10, 1}) {
    ensure_descriptors_for(workers);
    thane::check(::getrlimit(RLIMIT_NOFILE, &now), "getrlimit");
    CHECK(now.rlim_cur == 72);
  }
  thane::check(::setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
}

TEST_CASE("max_open_files sets the soft limit, up or down, and raises the hard one if it must") {
  CHECK(descriptor_limit_of(500, 4, rlimit_of(1024, 4096)).rlim_cur == 500);
  CHECK(descriptor_limit_of(500, 4, rlimit_of(1024, 4096)).rlim_max == 4096);
  CHECK(descriptor_limit_of(5000, 4, rlimit_of(1024, 4096)).rlim_cur == 5000);
  CHECK(descriptor_limit_of(5000, 4, rlimit_of(1024, 4096)).rlim_max == 5000);
  CHECK(descriptor_limit_of(5000, 4, rlimit_of(1024, RLIM_INFINITY)).rlim_max == RLIM_INFINITY);
}

TEST_CASE("max_open_files below what the workers need is an error with the number") {
  CHECK(descriptor_limit_of(48, 4, rlimit_of(1024, 4096)).rlim_cur == 48);
  CHECK_THROWS_WITH(static_cast<void>(descriptor_limit_of(47, 4, rlimit_of(1024, 4096))),
                    "max_open_files = 47: 4 workers need 48 open files");
}

TEST_CASE("a worker is ahead of its parent when memory is short, as far as there is room") {
  const int before = oom_score();
  raise_oom_score();
  CHECK(oom_score() == std::min(before + 100, 1000));
  for (int i = 0; i < 20; ++i) raise_oom_score();
  CHECK(oom_score() == 1000);
}

}  // namespace
