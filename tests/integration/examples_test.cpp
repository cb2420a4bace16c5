// The examples, run as their first lines say: each works on its defaults and stops when told to.
#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "support/child_process.hpp"
#include "support/http_client.hpp"
#include "support/temporary_directory.hpp"

using thane::testing::ChildProcess;
using thane::testing::Exit;
using thane::testing::http_get;

namespace {

TEST_CASE("hello greets from two workers, by the name it is given") {
  ChildProcess hello{EXAMPLES_DIR "/hello", {"--hello.name", "you"}};
  CHECK(hello.expect_pid("worker 0 ready pid=") != hello.expect_pid("worker 1 ready pid="));
  hello.expect_line("hello, you");

  hello.signal(SIGTERM);
  CHECK(hello.wait_exit() == Exit{.code = 0});
}

TEST_CASE("hello greets the world when told nothing") {
  ChildProcess hello{EXAMPLES_DIR "/hello", {}};
  hello.expect_line("hello, world");
}

TEST_CASE("ticker ticks in as many workers as it is told, and in one process for one") {
  ChildProcess two{EXAMPLES_DIR "/ticker", {"--workers", "2"}};
  two.expect_line("worker 0 ready");
  two.expect_line("worker 1 ready");
  two.expect_line("tick");
  two.signal(SIGTERM);
  CHECK(two.wait_exit() == Exit{.code = 0});

  ChildProcess one{EXAMPLES_DIR "/ticker", {"--workers", "1", "--restart_method", "mutate"}};
  one.expect_line("tick");
  one.signal(SIGTERM);
  CHECK(one.wait_exit() == Exit{.code = 0});
}

TEST_CASE("ticker says which option is wrong") {
  ChildProcess ticker{EXAMPLES_DIR "/ticker", {"--workers", "0"}};
  const Exit exit = ticker.wait_exit();
  CHECK(exit != Exit{.code = 0});
  CHECK(ticker.messages_so_far().back().find("workers") != std::string::npos);
}

TEST_CASE("shop sells what it has, beside a chore, and prints the commands to try") {
  const auto port = thane::testing::free_port();
  const thane::testing::TemporaryDirectory directory;
  ChildProcess shop{
      EXAMPLES_DIR "/shop",
      {"--web-port", std::to_string(port), "--transport-url", "local://" + directory.file("rpc")}};
  CHECK(shop.expect_line("try: curl http://127.0.0.1:") == std::to_string(port) + "/items");
  shop.expect_line("restocked");
  shop.expect_line("parent ready");

  CHECK(http_get(port, "/items").body == R"(["apple","pear","plum"])");
  CHECK(http_get(port, "/items/apple").body == R"({"count":7,"name":"apple"})");
  CHECK(http_get(port, "/items/anvil").status == 404);

  shop.signal(SIGTERM);
  CHECK(shop.wait_exit() == Exit{.code = 0});
  CHECK_FALSE(thane::testing::port_answers(port));
}

TEST_CASE("web greets from several workers, and answers what takes its time before it stops") {
  const auto port = thane::testing::free_port();
  ChildProcess web{EXAMPLES_DIR "/web", {"--workers", "2", "--web-port", std::to_string(port)}};
  web.expect_line("parent ready");
  CHECK(http_get(port, "/").body == "hello from thane\n");
  CHECK(http_get(port, "/slow?seconds=soon").status == 400);

  thane::testing::HttpClient client{port};
  client.send_get("/slow?seconds=0.2");
  CHECK(http_get(port, "/pid").status == 200);
  web.signal(SIGTERM);
  CHECK(client.receive_response().body == "slept\n");
  CHECK(web.wait_exit() == Exit{.code = 0});
}

}  // namespace
