// HTTP clients that ask all the time while a test does something to the server.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http_client.hpp"

namespace thane::testing {

enum class Connections {
  anew,  ///< One for each request.
  kept,  ///< As long as the server keeps them.
};

enum class Refusal {
  fails,  ///< A client that cannot connect is one more failure, and tries again.
  ends,   ///< It asks no more: the server was told to stop.
};

struct LoadOptions {
  std::chrono::milliseconds longest_pause{0};  ///< Before each request but the first; at random.
  Refusal refusal = Refusal::fails;
};

/// What HttpLoad::end() returns at best.
inline const std::vector<std::string> no_failures;

/// Asks for GET /pid on several threads from the construction on; each answer must be a whole one
/// with status 200.
///
///     HttpLoad load{port, 4, Connections::anew};
///     load.await_answers(100);
///     parent.signal(SIGHUP);
///     CHECK(load.end().empty());
class HttpLoad {
 public:
  HttpLoad(std::uint16_t port, int clients, Connections connections,
           const LoadOptions& options = {});
  /// The same over a Unix socket.
  HttpLoad(const std::string& path, int clients, Connections connections,
           const LoadOptions& options = {});
  ~HttpLoad() { end(); }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  /// Waits until so many more have come; false if they do not.
  bool await_answers(std::size_t count) const;
  [[nodiscard]] std::size_t answers() const noexcept { return answers_; }

  /// Waits until nobody asks any more, with Refusal::ends; false if somebody goes on.
  bool await_refusal() const;

  /// Stops asking; what became of the requests that were not answered, a sentence each.
  std::vector<std::string> end();

 private:
  using Connect = std::function<HttpClient()>;

  void start(int clients, Connections connections, const LoadOptions& options,
             const Connect& connect);
  void ask(const Connect& connect, Connections connections, const LoadOptions& options,
           unsigned seed);
  void failed(const std::string& how);

  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> answers_{0};
  std::atomic<int> asking_{0};
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace thane::testing

/// A failed check shows what HttpLoad::end() told.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static doctest::String convert(const std::vector<std::string>& sentences) {
    std::string all = std::to_string(sentences.size()) + " failures";
    for (const std::string& sentence : sentences) {
      all += "; " + sentence;
    }
    return all.c_str();
  }
};
