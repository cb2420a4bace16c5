// compute: like nova-compute, with instances that are only played: RPC, chores, notifications and
// a service record, below a parent that starts it anew should it die.
//
//   ./compute                                    serves topic "compute" for this host, by local://
//   ./compute --compute-ask services             in another shell: who is there, and who is up
//   ./compute --compute-ask boot --compute-instance web-1
//   ./compute --compute-ask disable --compute-reason "disk is failing"         and: enable
//   ./compute --transport-url rabbit://guest:guest@127.0.0.1/        over RabbitMQ; and the records
//             --database-connection postgresql://nova@db/nova        of all hosts in one database
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/config.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/rpc.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <thane/service.hpp>
#include <thane/servicegroup.hpp>
#include <vector>

namespace rpc = thane::rpc;
namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* binary = "nova-compute";
constexpr std::int64_t service_version = 66;  // One more with each change that callers may see.

thane::OptGroup compute_options() {
  return {.name = "compute",
          .options = {
              thane::Opt<std::string>{.name = "host", .help = "its name; default: the machine's"},
              thane::Opt<int>{.name = "memory_mb", .default_value = 4096, .help = "what there is"},
              thane::Opt<std::string>{.name = "ask",
                                      .help = "to ask a running one for it, and end",
                                      .choices = {"", "services", "boot", "disable", "enable"}},
              thane::Opt<std::string>{.name = "instance", .help = "what to boot"},
              thane::Opt<std::string>{.name = "reason", .help = "why it is disabled"},
          }};
}

std::string host_of(const thane::Config& config) {
  std::string host = config.get<std::string>("compute.host");
  std::array<char, 256> name{};
  if (host.empty() && ::gethostname(name.data(), name.size() - 1) == 0) host = name.data();
  return host;
}

// What a real one would ask libvirt for.
class Hypervisor {
 public:
  explicit Hypervisor(int memory_mb) : memory_mb_(memory_mb) {}

  json spawn(const std::string& name, int memory_mb) {
    if (instances_.contains(name)) {
      throw rpc::Failure{"nova.exception", "InstanceExists", "Instance " + name + " exists."};
    }
    if (memory_mb > free_memory_mb()) {
      throw rpc::Failure{"nova.exception", "ComputeResourcesUnavailable",
                         "Insufficient compute resources: no memory for " + name + "."};
    }
    json& instance =
        instances_[name] = {{"name", name}, {"memory_mb", memory_mb}, {"state", "building"}};
    thane::this_fiber::sleep_for(50ms);  // The others are served meanwhile.
    instance["state"] = "running";
    return instance;
  }
  void destroy(const std::string& name) {
    if (instances_.erase(name) > 0) return;
    throw rpc::Failure{"nova.exception", "InstanceNotFound", "Instance " + name + " not found."};
  }
  [[nodiscard]] json instances() const {
    json all = json::array();
    for (const auto& [name, instance] : instances_) all.push_back(instance);
    return all;
  }
  [[nodiscard]] int free_memory_mb() const {
    int left = memory_mb_;
    for (const auto& [name, instance] : instances_) left -= instance.at("memory_mb").get<int>();
    return left;
  }

 private:
  int memory_mb_;
  std::map<std::string, json> instances_;
};

class Compute final : public thane::Service {
 public:
  explicit Compute(const thane::Config& config)
      : host_(host_of(config)),
        hypervisor_(config.get<int>("compute.memory_mb")),
        notifier_(config, rpc::Transport::for_notifications(config), "compute." + host_),
        server_(rpc::Transport::from(config), {.topic = "compute", .server = host_},
                std::vector{endpoint()}),
        heartbeat_(
            servicegroup::make_store(config),
            {.host = host_, .binary = binary, .topic = "compute", .version = service_version},
            servicegroup::Settings::from(config)),
        chores_({.run_external_periodic_tasks = config.get<bool>("run_external_periodic_tasks"),
                 .name = "compute"}) {
    chores_.add_periodic_task("update_available_resource", [this] { update_available_resource(); },
                              {.run_immediately = true});
    chores_.add_periodic_task("sync_power_states", [this] { sync_power_states(); },
                              {.spacing = 600s});
  }

  // It is up when it serves. When it drains it still reports: it is not gone yet.
  void start() override {
    server_.start();
    heartbeat_.start();
    group().add_dynamic_timer([this] { return chores_.run_periodic_tasks(); });
  }
  void stop() override {
    server_.stop();
    Service::stop();
  }
  void wait() override {
    server_.wait();
    Service::wait();
    heartbeat_.stop();
    heartbeat_.wait();
  }

 private:
  rpc::Endpoint endpoint() {
    rpc::Endpoint all{{.version = "6.0"}};
    all.method("build_and_run_instance", {"name", "memory_mb"},
               [this](const rpc::Context& context, const std::string& name, int memory_mb) {
                 const json instance{{"name", name}, {"memory_mb", memory_mb}};
                 return told(context, "create", instance,
                             [&] { return hypervisor_.spawn(name, memory_mb); });
               });
    all.method("terminate_instance", {"name"},
               [this](const rpc::Context& context, const std::string& name) {
                 (void)told(context, "delete", {{"name", name}}, [&] {
                   hypervisor_.destroy(name);
                   return json{{"name", name}};
                 });
               });
    all.method("get_instances", {},
               [this](const rpc::Context&) { return hypervisor_.instances(); });
    return all;
  }

  // Tells the world that something begins, and how it ended.
  template <class Work>
  json told(const rpc::Context& context, const std::string& what, const json& instance, Work work) {
    const std::string event = "compute.instance." + what;
    notifier_.info(context, event + ".start", instance);
    try {
      json result = work();
      notifier_.info(context, event + ".end", result);
      return result;
    } catch (const rpc::Failure& failure) {
      notifier_.error(context, event + ".error",
                      {{"instance", instance}, {"message", failure.what()}});
      throw;
    }
  }

  void update_available_resource() const {
    thane::log::info("{} MB of memory free on {}", hypervisor_.free_memory_mb(), host_);
  }
  void sync_power_states() const {
    thane::log::info("{} instances on {}", hypervisor_.instances().size(), host_);
  }

  std::string host_;
  Hypervisor hypervisor_;
  rpc::Notifier notifier_;
  rpc::Server server_;
  servicegroup::Heartbeat heartbeat_;
  thane::PeriodicTasks chores_;
};

// Whoever bills or watches listens; this one writes down what it hears.
std::unique_ptr<rpc::NotificationListener> make_audit(const thane::Config& config) {
  rpc::NotificationEndpoint audit{{.event_type = "compute\\.instance\\."}};
  const auto write_down = [](const rpc::Notification& heard) {
    thane::log::info("heard {} {} of {}", heard.event_type(), heard.payload().dump(),
                     heard.publisher_id());
    return rpc::NotificationResult::handled;
  };
  audit.on(rpc::Priority::info, write_down).on(rpc::Priority::error, write_down);
  return std::make_unique<rpc::NotificationListener>(
      rpc::Transport::for_notifications(config), std::vector{rpc::Target{.topic = "notifications"}},
      std::vector{audit});
}

std::string answer_to(const std::string& question, const thane::Config& config) {
  const std::string host = host_of(config);
  if (question == "boot") {
    const rpc::Client client{rpc::Transport::from(config),
                             {.topic = "compute", .version = "6.0", .server = host}};
    const auto name = config.get<std::string>("compute.instance");
    return client.call("build_and_run_instance", {{"name", name}, {"memory_mb", 512}}).dump();
  }
  const auto store = servicegroup::make_store(config);
  if (question == "services") {
    return table(store->list({}), servicegroup::Settings::from(config).service_down_time);
  }
  const auto change = question == "enable"
                          ? servicegroup::enable()
                          : servicegroup::disable(config.get<std::string>("compute.reason"));
  return store->change(host, binary, change) ? question + "d" : "there is no " + host;
}

int main(int argc, char** argv) {
  using Values = std::vector<thane::Config::Value>;
  const auto config = thane::Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), thane::periodic_task_options(), rpc::options(),
       rpc::notification_options(), rpc::rabbit_options(), servicegroup::options(),
       servicegroup::database_options(), compute_options()},
      [] {
        return Values{{"oslo_messaging_notifications.driver", "messagingv2", "compute"}};
      });

  if (const auto question = config.get<std::string>("compute.ask"); !question.empty()) {
    thane::FiberLoop{}.run([&] { std::cout << answer_to(question, config) << "\n"; });
    return 0;
  }

  thane::ProcessLauncher launcher{config};
  launcher.launch_service(make_audit(config), {.workers = 1, .name = "audit"});
  launcher.launch_service(std::make_unique<Compute>(config),
                          {.workers = 1, .name = "compute", .after = {"audit"}});
  return launcher.wait();
}
