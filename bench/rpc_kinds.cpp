#include "rpc_kinds.hpp"

#include <fmt/core.h>

#include <utility>

namespace thane::bench {

namespace {

using std::filesystem::path;

path folder_of_this_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

RpcKind thane_kind(const std::string& name, const std::string& url) {
  const path program = folder_of_this_program() / "called";
  return {.name = name,
          .package = {},
          .needs = program,
          .server = {program, "--called-serve", url, "--log-level", "warning"},
          .load = {program, "--called-call", url}};
}

RpcKind fake_kind() {
  RpcKind kind = thane_kind("fake://", "fake://bench");
  kind.server.clear();
  return kind;
}

/// One that is started as `COMMAND... serve|call ADDRESS...`.
RpcKind peer_kind(std::string name, std::string package, path needs,
                  const std::vector<std::string>& command,
                  const std::vector<std::string>& address) {
  const auto with = [&](const char* verb) {
    std::vector<std::string> all = command;
    all.emplace_back(verb);
    all.insert(all.end(), address.begin(), address.end());
    return all;
  };
  return {.name = std::move(name),
          .package = std::move(package),
          .needs = std::move(needs),
          .server = with("serve"),
          .load = with("call")};
}

RpcGroup rabbit_group(int port) {
  const path here = folder_of_this_program();
  const path c_client = here / "peer_rabbitmq_c";
  const std::string number = std::to_string(port);
  const std::string url = fmt::format("rabbit://guest:guest@127.0.0.1:{}/", port);
  const std::string c_package = "librabbitmq-dev, and build again";
  return {.name = "rabbit",
          .title = "over RabbitMQ, both sides and the broker on all processors",
          .kinds = {thane_kind("thane", url),
                    peer_kind("raw C", c_package, c_client, {c_client}, {number}),
                    peer_kind("raw C, acked", c_package, c_client, {c_client}, {number, "safely"}),
                    peer_kind("oslo", "python3-oslo.messaging",
                              "/usr/lib/python3/dist-packages/oslo_messaging/__init__.py",
                              {"/usr/bin/python3", here / "peer_oslo.py"}, {url})},
          .bars = {{{64, RpcQuantity::calls, "raw C", Limit::at_least, 0.85}},
                   {{64, RpcQuantity::calls, "oslo", Limit::at_least, 10}},
                   {{64, RpcQuantity::server_cpu, {}, Limit::at_most, 10}},
                   {{1, RpcQuantity::p50, "raw C", Limit::at_most, 2.5}}}};
}

RpcGroup local_group(const path& folder) {
  const path grpc = folder_of_this_program() / "peer_grpc";
  return {.name = "local",
          .title = "over Unix sockets; fake:// has both sides in one process",
          .kinds = {thane_kind("thane", "local://" + (folder / "local").string()), fake_kind(),
                    peer_kind("gRPC", "libgrpc++-dev protobuf-compiler-grpc, and build again", grpc,
                              {grpc}, {(folder / "grpc.socket").string()})},
          .bars = {{{1, RpcQuantity::p50, {}, Limit::at_most, 60}},
                   {{64, RpcQuantity::calls, {}, Limit::at_least, 50'000},
                    {64, RpcQuantity::calls, "gRPC", Limit::at_least, 3}}}};
}

}  // namespace

std::vector<RpcGroup> rpc_groups(const path& folder, int broker) {
  std::vector<RpcGroup> groups{local_group(folder)};
  if (broker != 0) groups.push_back(rabbit_group(broker));
  return groups;
}

}  // namespace thane::bench
