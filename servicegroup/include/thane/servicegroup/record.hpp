// What is known of a service: who it is, whether it wants work, and when it was last seen.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <thane/clock.hpp>

namespace thane::servicegroup {

/// Who a service is. Host and binary name its record; all its workers are one service.
///
///     const servicegroup::Member member{
///         .host = "node-1", .binary = "nova-compute", .topic = "compute", .version = 66};
struct Member {
  std::string host{};    ///< "node-1"; not empty.
  std::string binary{};  ///< "nova-compute"; not empty.
  std::string topic{};   ///< Where its RPC server listens: "compute".
  std::int64_t version =
      0;  ///< Of what it can do; grows with each change, as nova's service version.

  friend bool operator==(const Member&, const Member&) = default;
};

/// A row of the store. Times are the store's, not those of the host that reads or of the one that
/// reports: their clocks may differ.
struct Record {
  using Time = std::chrono::system_clock::time_point;

  Member member{};
  std::int64_t report_count = 0;  ///< Since the record was made.
  bool disabled = false;          ///< By an operator: it runs, and should be given no new work.
  std::string disabled_reason{};
  bool forced_down = false;  ///< Somebody who knows has said that it is down, whatever it reports.
  Time created_at{};
  Time updated_at{};    ///< The last change of any kind.
  Time last_seen_up{};  ///< The last report.
  Time read_at{};       ///< When this was read.
};

/// Whether it has reported within `service_down_time` before it was read, and was not forced down.
/// As nova's, this bears a clock that was set back: a report as far in the future is as bad.
[[nodiscard]] bool is_up(const Record& record, Duration service_down_time) noexcept;

/// The lowest version among the services of that binary, disabled ones and dead ones included: what
/// a caller may rely on while they are upgraded one by one. 0 if there is none.
[[nodiscard]] std::int64_t minimum_version(const std::vector<Record>& records,
                                           std::string_view binary) noexcept;

/// For people, as `openstack compute service list --long` shows it. Times are UTC.
///
///     +--------------+--------+---------+---------+-------+---------------------+ ...
///     | Binary       | Host   | Topic   | Status  | State | Updated At          | ...
///     | nova-compute | node-1 | compute | enabled | up    | 2026-11-21T09:07:59 | ...
[[nodiscard]] std::string table(const std::vector<Record>& records, Duration service_down_time);

}  // namespace thane::servicegroup
