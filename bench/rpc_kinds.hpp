// What bench_rpc compares: ways to call a procedure in another process, and what is asked of ours.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thane::bench {

struct RpcKind {
  std::string name;
  std::string package;              ///< That it comes with.
  std::filesystem::path needs;      ///< A file that has to be there.
  std::vector<std::string> server;  ///< Prints "ready"; empty: the load has it in its process.
  std::vector<std::string> load;    ///< As rpc_load.hpp says.
};

enum class RpcQuantity { calls, p50, server_cpu };
enum class Limit { at_least, at_most };

struct RpcBar {
  std::size_t outstanding = 1;
  RpcQuantity quantity{};
  std::string against = {};  ///< Of this the ratio; empty: the value as it is.
  Limit limit{};
  double value = 0;
};

struct RpcGroup {
  std::string name;  ///< On the command line.
  std::string title;
  std::vector<RpcKind> kinds;                  ///< Ours is the first.
  std::vector<std::vector<RpcBar>> bars = {};  ///< Of each row one has to be met.
};

/// `folder`: for sockets. `broker`: the port of a RabbitMQ; 0: there is none, and no such group.
[[nodiscard]] std::vector<RpcGroup> rpc_groups(const std::filesystem::path& folder, int broker);

}  // namespace thane::bench
