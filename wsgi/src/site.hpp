// What all connections of one server in one worker share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <thane/wsgi/application.hpp>

#include "input_buffer.hpp"
#include "request_head.hpp"
#include "response_writer.hpp"

namespace thane::wsgi::internal {

class AccessLog;
class TlsContext;

/// Memory for the heads of requests at work; a head is too large for the stack of an idle
/// connection.
class HeadPool {
 public:
  [[nodiscard]] std::unique_ptr<RequestHead> take() {
    if (free_.empty()) return std::make_unique<RequestHead>();
    auto head = std::move(free_.back());
    free_.pop_back();
    return head;
  }
  void give_back(std::unique_ptr<RequestHead> head) {
    if (free_.size() < BlockPool::max_kept) free_.push_back(std::move(head));
  }

 private:
  std::vector<std::unique_ptr<RequestHead>> free_;
};

/// Reused outputs, so that the usual answer allocates nothing.
class OutputPool {
 public:
  static constexpr std::size_t max_capacity = 65536;

  void take(std::string& output) {
    if (free_.empty()) return;
    output.swap(free_.back());
    free_.pop_back();
  }
  void give_back(std::string& output) {
    output.clear();
    if (output.capacity() <= max_capacity && free_.size() < BlockPool::max_kept) {
      free_.push_back(std::move(output));
    }
    output = std::string{};
  }

 private:
  std::vector<std::string> free_;
};

/// How errors of applications are answered.
enum class ErrorBody : std::uint8_t { empty, text };

/// One per server and worker; only ever used on its thread.
struct Site {
  Application application;
  std::string server_name = "localhost";  ///< What it listens on.
  std::string server_port = "0";
  std::shared_ptr<const TlsContext> tls;  ///< None: plain HTTP.
  HeadLimits limits;
  bool keep_alive = true;                 ///< wsgi_keep_alive
  std::size_t max_discard = 65536;        ///< max_unread_body
  ErrorBody errors = ErrorBody::empty;    ///< wsgi_server_debug
  const AccessLog* access_log = nullptr;  ///< None: no access log.
  bool draining = false;                  ///< Each answer ends its connection.
  bool ending = false;                    ///< The server stops for good; see Request::draining().

  BlockPool blocks;
  HeadPool heads;
  OutputPool outputs;
  StandardFields standard_fields;
};

}  // namespace thane::wsgi::internal
