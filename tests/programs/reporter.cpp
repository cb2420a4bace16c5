// reporter: workers of one service that join and report; or one process that reports in a hurry.
//
//   ./reporter --database-connection sqlite:////tmp/x --reporter-workers 3 --report-interval 100ms
//   ./reporter --database-connection sqlite:////tmp/x --reporter-times 200
#include <memory>
#include <string>
#include <thane/fiber_loop.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <thane/servicegroup.hpp>

namespace servicegroup = thane::servicegroup;

namespace {

const servicegroup::Member member{.host = "h", .binary = "reporter", .topic = "t", .version = 1};

thane::OptGroup reporter_options() {
  return {.name = "reporter",
          .options = {thane::Opt<int>{.name = "workers", .default_value = 1},
                      thane::Opt<int>{.name = "times", .default_value = 0}}};
}

class Reporter final : public thane::Service {
 public:
  explicit Reporter(const thane::Config& config)
      : heartbeat_(servicegroup::make_store(config), member, servicegroup::Settings::from(config)) {
  }

  void start() override { heartbeat_.start(); }
  void stop() override { heartbeat_.stop(); }
  void wait() override { heartbeat_.wait(); }

 private:
  servicegroup::Heartbeat heartbeat_;
};

void report(servicegroup::Store& store, int times) {
  store.join(member, {});
  for (int i = 0; i < times; ++i) {
    if (!store.report(member.host, member.binary)) thane::log::error("the record is gone");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv,
                                       {thane::launcher_options(), servicegroup::options(),
                                        servicegroup::database_options(), reporter_options()});
  if (const int times = config.get<int>("reporter.times"); times > 0) {
    const auto store = servicegroup::make_store(config);
    thane::FiberLoop{}.run([&] { report(*store, times); });
    return 0;
  }
  return thane::launch(config, std::make_unique<Reporter>(config),
                       {.workers = config.get<int>("reporter.workers")})
      ->wait();
}
