// A Transport made of strings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "transport.hpp"

namespace thane::testing {

/// Delivers `input` in pieces of at most `piece` octets, then the end of the stream.
class MemoryTransport final : public wsgi::internal::Transport {
 public:
  using Waiting = wsgi::internal::Waiting;

  explicit MemoryTransport(std::string input, std::size_t piece = std::string::npos)
      : input_(std::move(input)), piece_(piece) {}

  void expect(Waiting what) override {
    waiting = what;
    if (what == Waiting::close) ++limits_to_close;
  }
  bool timed_out() const override { return time_out_at_end && at_ == input_.size(); }

  std::size_t read_some(char* to, std::size_t size) override {
    ++reads;
    const auto given = std::min({size, piece_, input_.size() - at_});
    std::memcpy(to, input_.data() + at_, given);
    at_ += given;
    return given;
  }

  /// With `pauses` each second try finds nothing.
  std::optional<std::size_t> try_read(char* to, std::size_t size) override {
    if (pauses && std::exchange(came_, false) == false) return std::nullopt;
    return read_some(to, size);
  }

  void await_input() override {
    came_ = true;
    if (on_wait) on_wait();
  }

  bool write_all(std::string_view data) override {
    ++writes;
    output += data;
    return !broken;
  }

  wsgi::internal::SentFile send_file(int fd, std::uint64_t offset, std::uint64_t size) override {
    sent_as_file += size;
    return Transport::send_file(fd, offset, size);
  }

  void shutdown_send() override { shut_down = true; }
  void abort() override { aborted = true; }

  std::string output;
  std::uint64_t sent_as_file = 0;  // What a socket would have left to the kernel.
  int reads = 0, writes = 0, limits_to_close = 0;
  bool shut_down = false, aborted = false, broken = false, time_out_at_end = false;
  Waiting waiting = Waiting::nothing;
  bool pauses = false;
  std::function<void()> on_wait;

 private:
  bool came_ = false;
  std::string input_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

}  // namespace thane::testing
