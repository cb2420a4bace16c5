// A notification: something that happened, told to whoever listens.
#pragma once

#include <array>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include <thane/rpc/context.hpp>

namespace thane::rpc {

/// How much a notification matters; each is a queue of its own.
enum class Priority { audit, debug, info, warn, error, critical, sample };

inline constexpr std::array all_priorities{Priority::audit, Priority::debug, Priority::info,
                                           Priority::warn,  Priority::error, Priority::critical,
                                           Priority::sample};

/// "info"; on the wire it stands in upper case as well.
[[nodiscard]] std::string_view to_string(Priority priority) noexcept;

/// As it arrives. A cheap value.
class Notification {
 public:
  Notification(Context context, nlohmann::json message);

  [[nodiscard]] const Context& context() const noexcept { return context_; }
  [[nodiscard]] std::string publisher_id() const;  ///< Who says it: "compute.host1".
  [[nodiscard]] std::string event_type() const;    ///< What happened: "compute.instance.create".
  [[nodiscard]] std::string priority() const;      ///< In lower case; may be none of ours.
  [[nodiscard]] const nlohmann::json& payload() const;
  [[nodiscard]] std::string message_id() const;
  [[nodiscard]] std::string timestamp() const;  ///< UTC: "2026-11-21 09:07:59.464503".

 private:
  Context context_;
  std::shared_ptr<const nlohmann::json> message_;
};

}  // namespace thane::rpc
