// The body of one request, taken out of what a connection receives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "body_source.hpp"
#include "chunked_decoder.hpp"
#include "input_buffer.hpp"
#include "request_head.hpp"
#include "transport.hpp"

namespace thane::wsgi::internal {

/// Reads a body to its end and not one octet further, for the application first and then, what that
/// left unread, for nobody.
class BodyReader final : public BodySource {
 public:
  enum class State : std::uint8_t {
    unread,   ///< More may come.
    ended,    ///< All of it was taken.
    refused,  ///< Malformed, cut off or too slow: nothing behind it can be trusted.
  };

  /// `output`: answers to earlier requests, sent before this waits for the client.
  BodyReader(const RequestHead& head, InputBuffer& input, Transport& transport,
             std::string& output);

  std::string_view read_some() override;

  /// Takes what is buffered already, without waiting.
  void discard_buffered();
  /// Takes the rest, `limit` octets of it at the most; true if it ended.
  [[nodiscard]] bool discard_rest(std::uint64_t limit);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// True if the client may still be waiting for "100 Continue": then nobody knows whether it will
  /// send the body.
  [[nodiscard]] bool awaits_continue() const noexcept { return awaits_continue_; }
  /// The head of the answer goes out: from now on "100 Continue" may not be sent, and a client that
  /// waits for it will send nothing.
  void answer_begins() noexcept { answer_begun_ = true; }
  /// Octets that are still to come, as far as the client said.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }
  [[nodiscard]] BodyFraming framing() const noexcept { return framing_; }
  /// The status for a refused body.
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  std::string_view take_buffered();
  bool send_waiting();
  bool receive();
  void refuse(int status) noexcept;

  InputBuffer& input_;
  Transport& transport_;
  std::string& output_;
  BodyFraming framing_;
  State state_ = State::unread;
  bool awaits_continue_;
  bool answer_begun_ = false;
  int status_ = 0;
  std::uint64_t remaining_;
  ChunkedDecoder decoder_;
};

}  // namespace thane::wsgi::internal
