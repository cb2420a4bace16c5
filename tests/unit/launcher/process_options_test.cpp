#include "process_options.hpp"

#include <doctest/doctest.h>

#include <string>

#include <thane/launch.hpp>

using thane::Config;
using namespace thane::internal;

namespace {

TEST_CASE("by default a process is what it was started as") {
  const ProcessOptions options = process_options(Config::parse({}, {thane::launcher_options()}));
  CHECK_FALSE(options.daemonize);
  CHECK(options.max_open_files == 0);
  for (const std::string& text : {options.umask, options.chdir, options.user, options.group,
                                  options.pid_file, options.log_file}) {
    CHECK(text.empty());
  }
}

TEST_CASE("a mask is an octal number of three digits") {
  CHECK_FALSE(umask_from(""));
  CHECK(umask_from("0") == 0U);
  CHECK(umask_from("27") == 027U);
  CHECK(umask_from("0077") == 077U);
  CHECK(umask_from("777") == 0777U);
  for (const char* text : {"1000", "8", "-1", "0o22", "22 ", "u=rwx"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(
        static_cast<void>(umask_from(text)),
        (std::string{"umask = "} + text + ": it takes an octal number from 0 to 777, as 027")
            .c_str());
  }
}

}  // namespace
