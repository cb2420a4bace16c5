#include "body_reader.hpp"

#include <algorithm>

#include <thane/wsgi/request.hpp>

namespace thane::wsgi::internal {

BodyReader::BodyReader(const RequestHead& head, InputBuffer& input, Transport& transport,
                       std::string& output)
    : input_(input),
      transport_(transport),
      output_(output),
      framing_(head.framing),
      awaits_continue_(head.expects_continue && head.framing != BodyFraming::none),
      remaining_(head.framing == BodyFraming::length ? head.content_length : 0) {
  if (framing_ == BodyFraming::none || (framing_ == BodyFraming::length && remaining_ == 0)) {
    state_ = State::ended;
    awaits_continue_ = false;
  } else if (!input_.empty()) {
    awaits_continue_ = false;  // It is sending already.
  }
}

std::string_view BodyReader::read_some() {
  for (;;) {
    const auto piece = take_buffered();
    if (!piece.empty() || state_ == State::ended) return piece;
    if (state_ == State::unread && send_waiting()) {
      transport_.expect(Waiting::body);
      const bool more = receive();
      transport_.expect(Waiting::nothing);
      if (more) continue;
    }
    throw request_error{status_, status_ == 408 ? "the body did not come in time"
                                                : "the body is malformed or cut off"};
  }
}

void BodyReader::discard_buffered() {
  while (!take_buffered().empty()) {
  }
}

bool BodyReader::discard_rest(std::uint64_t limit) {
  std::uint64_t discarded = 0;
  transport_.expect(Waiting::discard);
  while (state_ == State::unread) {
    const auto size = take_buffered().size();
    discarded += size;
    if (discarded > limit) return false;
    if (size == 0 && state_ == State::unread && !receive()) return false;
  }
  return state_ == State::ended;
}

// The next piece of decoded body in the buffer; empty if there is none yet, or at the end.
std::string_view BodyReader::take_buffered() {
  if (state_ != State::unread) return {};
  if (framing_ == BodyFraming::length) {
    const auto size = std::min<std::uint64_t>(remaining_, input_.data().size());
    const auto piece = input_.data().substr(0, static_cast<std::size_t>(size));
    remaining_ -= size;
    input_.consume(piece.size());  // The octets themselves stay until room is made for more.
    if (remaining_ == 0) state_ = State::ended;
    return piece;
  }
  while (!input_.empty() && state_ == State::unread) {
    const auto step = decoder_.decode(input_.data());
    input_.consume(step.consumed);
    if (decoder_.state() == ChunkedDecoder::State::done) state_ = State::ended;
    if (decoder_.state() == ChunkedDecoder::State::bad) refuse(400);
    if (!step.data.empty()) return step.data;
  }
  return {};
}

// Waits for more; false if none comes.
// Nobody shall wait for an answer, or for "100 Continue", while we wait for a body.
bool BodyReader::send_waiting() {
  if (awaits_continue_ && answer_begun_) {
    refuse(400);
    return false;
  }
  if (awaits_continue_) {
    output_.append("HTTP/1.1 100 Continue\r\n\r\n");
    awaits_continue_ = false;
  }
  if (!output_.empty()) {
    const bool sent = transport_.write_all(output_);
    output_.clear();
    if (!sent) {
      refuse(400);
      return false;
    }
  }
  return true;
}

bool BodyReader::receive() {
  constexpr std::uint64_t most = BlockPool::block_size / 2;
  const auto wanted = framing_ == BodyFraming::chunked ? most : std::min(remaining_, most);
  input_.make_room(static_cast<std::size_t>(std::max<std::uint64_t>(wanted, 1)));
  const auto size = transport_.read_some(input_.space(), input_.space_size());
  input_.commit(size);
  if (size == 0) refuse(transport_.timed_out() ? 408 : 400);
  return size != 0;
}

void BodyReader::refuse(int status) noexcept {
  state_ = State::refused;
  status_ = status;
}

}  // namespace thane::wsgi::internal
