#include "link.hpp"

#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include <thane/fiber_loop.hpp>

namespace thane::rpc::internal {

Link::Link(Stream stream, const std::shared_ptr<Gate>& gate)
    : gate_(gate), stream_(std::move(stream)) {
  if (gate_) holder_ = gate_->hold();
  room_.set();
  idle_.set();
  less_work_.set();
}

void Link::send(const Frame& frame) {
  if (broken_ || finishing_) return;
  append_frame(out_, frame);
  start_writing();
}

void Link::send(const Frame& frame, const nlohmann::json& payload) {
  if (broken_ || finishing_) return;
  append_frame(out_, frame, payload);
  start_writing();
}

void Link::finish() {
  if (std::exchange(finishing_, true) || broken_) return;
  start_writing();
}

// The fiber runs when those that are ready have run: what they send leaves together.
void Link::start_writing() {
  idle_.clear();
  if (out_.size() > high_water) room_.clear();
  if (std::exchange(writing_, true)) return;
  FiberLoop::current().spawn([self = shared_from_this()] { self->write(); }, "rpc writer");
}

void Link::write() {
  try {
    std::string leaving;
    while (!out_.empty() && !broken_) {
      leaving.swap(out_);
      room_.set();
      stream_.write_all(leaving);
      leaving.clear();
    }
    if (finishing_ && !broken_) stream_.shutdown_write();
  } catch (const std::system_error&) {
    close();  // The peer is gone; who reads from it will tell.
  }
  writing_ = false;
  idle_.set();
}

void Link::wait_for_room() {
  room_.wait();
}

void Link::flush() {
  idle_.wait();
}

void Link::work_began() noexcept {
  if (++at_work_ == most_at_work) less_work_.clear();
}

void Link::work_ended() noexcept {
  if (at_work_-- == most_at_work) less_work_.set();
}

void Link::wait_for_work() {
  less_work_.wait();
}

std::optional<Frame> Link::next() {
  try {
    for (;;) {
      if (const auto frame = reader_.next()) return frame;
      if (broken_) return std::nullopt;
      const std::size_t count = stream_.read_some(reader_.space());
      if (count == 0) return std::nullopt;
      reader_.filled(count);
    }
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

void Link::close() noexcept {
  broken_ = true;
  stream_.close();
  out_.clear();
  room_.set();
  idle_.set();
}

}  // namespace thane::rpc::internal
