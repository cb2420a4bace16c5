// Clients that ask a server all the time, and what they saw.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "http_exchange.hpp"

namespace thane::bench {

struct LoadReport {
  std::size_t answered = 0;
  std::map<std::string, std::size_t> failures;  ///< By kind: refused, reset, eof, timeout, status.
  std::size_t reused = 0;           ///< Failures on a connection that had been used before.
  std::vector<float> milliseconds;  ///< Of each answer, from connect() or send() on, sorted.
  double longest_gap = 0;           ///< Milliseconds in which no client got an answer.

  [[nodiscard]] std::size_t failed() const;
  /// "12 reset 3 eof"; "0" if nothing failed.
  [[nodiscard]] std::string failures_text() const;
  /// `part` of the answers took at most so many milliseconds.
  [[nodiscard]] double percentile(double part) const;
};

/// Asks GET /pid on one thread, with one request at a time for each client.
///
///     Load load{port, 16, Connections::anew};
///     ...
///     const LoadReport report = load.end();
///
/// Answers are given up after ten seconds. A client that failed pauses for ten milliseconds.
class Load {
 public:
  Load(int port, std::size_t clients, Connections connections);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Stops asking, waits two seconds at the most for answers that are missing (then they are
  /// failures), and tells.
  LoadReport end();

 private:
  std::atomic<bool> ended_{false};
  LoadReport report_;
  std::exception_ptr error_;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace thane::bench
