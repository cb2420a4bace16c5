// The options of rabbit:// one by one: how each is registered, and which field it sets.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <thane/opt.hpp>
#include <thane/snapshot.hpp>

#include "options.hpp"

namespace thane::rpc::internal::rabbit {

inline constexpr const char* option_group = "oslo_messaging_rabbit";

struct OptionRow {
  std::string name;
  std::string old_name;  ///< Empty: it never had another.
  AnyOpt option;
  /// Sets its field from the option of that path; empty: it has no effect here.
  std::function<void(const Snapshot& values, const std::string& path, RabbitOptions& to)> take{};
};

/// In the order in which they are shown: first those that programs have to agree on.
[[nodiscard]] std::vector<OptionRow> option_table();

}  // namespace thane::rpc::internal::rabbit
