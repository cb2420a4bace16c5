// The standard streams of this process as lines of its own log.
#pragma once

#include <memory>

#include <thane/config.hpp>

namespace thane::internal {

/// What this process and the programs that it runs print is logged by a thread of its own: a fiber
/// could not, as a print into a full pipe stops all fibers. The thread takes no signals. The
/// destructor gives the streams back; all that was printed before is in the log then.
class OwnStdioCapture {
 public:
  OwnStdioCapture();
  ~OwnStdioCapture();
  OwnStdioCapture(const OwnStdioCapture&) = delete;
  OwnStdioCapture& operator=(const OwnStdioCapture&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend void finish_own_stdio_capture() noexcept;
};

/// If the option capture_stdio says so.
[[nodiscard]] std::unique_ptr<OwnStdioCapture> capture_own_stdio(const Config& config);

/// Does what the destructor would: for an end without one. Nothing if there is none.
void finish_own_stdio_capture() noexcept;

}  // namespace thane::internal
