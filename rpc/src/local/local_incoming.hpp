// A message that has come over a link.
#pragma once

#include <cstdint>
#include <memory>

#include "../transport.hpp"
#include "link.hpp"

namespace thane::rpc::internal {

class LocalIncoming final : public Incoming {
 public:
  /// Throws std::invalid_argument for a payload that is none.
  LocalIncoming(std::shared_ptr<Link> link, const Frame& frame, Receiver& receiver);
  /// Tells a caller that has had no answer that there will be none.
  ~LocalIncoming() override;

  void acknowledge() noexcept override {}
  /// Delivers it to the same process again: there is nobody else who keeps it.
  void requeue() noexcept override;
  void reply(Reply reply) noexcept override;
  void heartbeat() noexcept override;

 private:
  struct Again {};
  LocalIncoming(LocalIncoming& other, Again);
  template <class Send>
  void tell(Send send) noexcept;

  std::shared_ptr<Link> link_;
  std::uint64_t id_;
  bool answered_;
  Receiver& receiver_;
};

}  // namespace thane::rpc::internal
