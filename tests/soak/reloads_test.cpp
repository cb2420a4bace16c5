// A thousand reloads.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/http_client.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

struct Size {
  std::size_t fds;
  std::uint64_t pss;
};

Size size_of(pid_t pid) {
  return {open_fds(pid).size(), anonymous_pss_kib_of(pid)};
}

TEST_CASE("a thousand reloads under load leave parent and workers as small as they were (43)") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    const auto port = free_port();
    Family family{"[DEFAULT]\nrestart_method = " + method + "\n" + serving(2, port)};
    family.expect_line("parent ready");
    HttpLoad load{port, 2, Connections::anew};
    int generation = 1;
    const auto reload = [&] {
      family.signal(SIGHUP);
      family.expect_line("reload finished generation=" + std::to_string(++generation));
      REQUIRE(eventually([&] { return children_of(family.pid()).size() == 2; }));
      observe_for(101ms);  // One that comes sooner is put off for as long.
    };
    for (int i = 0; i < 20; ++i) reload();
    const Size parent = size_of(family.pid());
    const Size worker = size_of(children_of(family.pid()).front());
    for (int i = 0; i < 1000; ++i) reload();

    const Size parent_now = size_of(family.pid());
    MESSAGE("parent: " << parent.pss << " -> " << parent_now.pss << " KiB");
    CHECK(parent_now.fds == parent.fds);
    CHECK(parent_now.pss < parent.pss + 512);
    CHECK(load.end() == std::vector<std::string>{});
    CHECK(eventually([&] {  // When its last connections are closed.
      return size_of(children_of(family.pid()).front()).fds <= worker.fds;
    }));
    CHECK(size_of(children_of(family.pid()).front()).pss < worker.pss + 1024);
  }
}

}  // namespace
