// What bench_http measures: the exchanges, who takes part, and the bars.
#pragma once

#include <string>
#include <vector>

#include "http_load.hpp"

namespace thane::bench {

enum class Quantity {
  cpu,     ///< Microseconds of user and system time for each exchange.
  memory,  ///< Octets for each connection that is idle after one exchange.
};

/// How thane is compared with another server; and the least server with those that do more.
enum class Comparison { ratio, difference };

struct Bar {
  std::string server;  ///< thane's own: its value as it is.
  double most = 0;     ///< Of ratio or difference.
};

struct HttpMeasurement {
  std::string name;  ///< On the command line.
  std::string title;
  Exchange exchange;
  std::vector<std::string> servers;  ///< By their names; the first is what all are compared with.
  std::vector<Bar> bars = {};
  Comparison comparison = Comparison::ratio;
  Quantity quantity = Quantity::cpu;
};

/// In the order in which they run.
[[nodiscard]] std::vector<HttpMeasurement> http_measurements();

}  // namespace thane::bench
