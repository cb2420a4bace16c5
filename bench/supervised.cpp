// supervised: what bench_supervision runs as thane's; an HTTP server that can be told to fail.
//
//   ./supervised --workers 4 --web.port 8080
//
//   /slow        an answer after two seconds
//   any other    the worker that answered
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

wsgi::Response application(wsgi::Request& request) {
  if (request.path() == "/slow") thane::this_fiber::sleep_for(2s);
  return wsgi::Response::text(std::to_string(::getpid()) + "\n");
}

thane::OptGroup supervised_options() {
  return {"supervised",
          {thane::Opt<std::string>{.name = "broken_if",
                                   .help = "A worker cannot start while this file exists."},
           thane::Opt<milliseconds>{.name = "dies_after",
                                    .default_value = 0ms,
                                    .help = "How long a worker lives; 0: for ever."}}};
}

class Supervised final : public wsgi::Server {
 public:
  explicit Supervised(const thane::Config& config)
      : Server(config, "web", application), config_(config) {}

  void start() override {
    if (std::filesystem::exists(config_.get<std::string>("supervised.broken_if"))) {
      throw std::runtime_error("broken on purpose");
    }
    Server::start();
    const auto dies_after = config_.get<milliseconds>("supervised.dies_after");
    if (dies_after > 0ms) {
      group().spawn([dies_after] {
        thane::this_fiber::sleep_for(dies_after);
        ::_exit(1);
      });
    }
  }

 private:
  thane::Config config_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(argc, argv,
                                                       {thane::launcher_options(),
                                                        {"DEFAULT", {thane::workers_opt()}},
                                                        supervised_options(),
                                                        wsgi::options("web")});
  auto launcher = thane::launch(config, std::make_unique<Supervised>(config),
                                {.workers = config.get<int>("workers")});
  return launcher->wait();
}
