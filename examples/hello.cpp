// hello: says hello once a second, in two worker processes.
//
//   ./hello --hello.name you      then: kill -HUP <pid>, kill -KILL <worker>, kill -TERM <pid>
#include <chrono>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>

using namespace std::chrono_literals;

class Hello final : public thane::Service {
 public:
  explicit Hello(const thane::Config& config) : name_(config.get<std::string>("hello.name")) {}

  void start() override {
    group().add_timer(1s, [this] { thane::log::info("hello, {}", name_); });
  }

 private:
  std::string name_;
};

int main(int argc, char** argv) {
  const thane::Opt<std::string> name{.name = "name", .default_value = "world"};
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), {.name = "hello", .options = {name}}});
  return thane::launch(config, std::make_unique<Hello>(config), {.workers = 2})->wait();
}
