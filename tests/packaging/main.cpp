// A program outside the tree: one service, which asks its own process to stop.
#include <signal.h>
#include <unistd.h>
#include <thane/launcher.hpp>
#include <thane/service.hpp>

#include <memory>

bool routes_work();  // In routes.cpp.

class Brief final : public thane::Service {
  void start() override {
    if (routes_work()) ::kill(::getpid(), SIGTERM);
  }
};

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(argc, argv, {thane::launcher_options()});
  return thane::launch(config, std::make_unique<Brief>(), {.workers = 1})->wait();
}
