// What all connections of one server in one worker share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <thane/clock.hpp>
#include <thane/wsgi/application.hpp>

#include "input_buffer.hpp"
#include "request_head.hpp"
#include "response_writer.hpp"

namespace thane::wsgi::internal {

class AccessLog;
class TlsContext;

/// What a connection needs while a request is at work. Too large for the stack of one that is idle,
/// and used again, so that the usual answer allocates nothing.
struct Workspace {
  static constexpr std::size_t max_capacity = 65536;

  RequestHead head;
  std::string output;  ///< Answers that are not sent yet.
};

class WorkspacePool {
 public:
  [[nodiscard]] std::unique_ptr<Workspace> take() {
    if (free_.empty()) return std::make_unique<Workspace>();
    auto work = std::move(free_.back());
    free_.pop_back();
    return work;
  }
  /// May be null.
  void give_back(std::unique_ptr<Workspace> work) {
    const bool kept = work != nullptr && work->output.capacity() <= Workspace::max_capacity &&
                      free_.size() < BlockPool::max_kept;
    if (!kept) return;
    work->output.clear();
    free_.push_back(std::move(work));
  }

 private:
  std::vector<std::unique_ptr<Workspace>> free_;
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
  /// Who goes on sending what nobody wants is read from for so long.
  Duration longest_linger = std::chrono::seconds{30};
  bool draining = false;  ///< Each answer ends its connection.
  bool ending = false;    ///< The server stops for good; see Request::draining().

  BlockPool blocks;
  WorkspacePool workspaces;
  StandardFields standard_fields;
};

}  // namespace thane::wsgi::internal
