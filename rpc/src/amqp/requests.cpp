#include "requests.hpp"

#include <array>

namespace thane::rpc::amqp {

namespace {

// What was a ticket of access, before the methods that take it.
constexpr std::uint16_t reserved = 0;

struct RequestWriter {
  Writer& to;

  void method(MethodId id) const { to.long_integer(static_cast<std::uint32_t>(id)); }

  static std::uint8_t bits(std::initializer_list<bool> flags) {
    unsigned octet = 0;
    unsigned bit = 1;
    for (const bool flag : flags) {
      octet |= flag ? bit : 0U;
      bit <<= 1;
    }
    return static_cast<std::uint8_t>(octet);
  }

  void operator()(const DeclareExchange& request) const {
    method(MethodId::exchange_declare);
    to.short_integer(reserved);
    to.short_string(request.name);
    to.short_string(request.type);
    to.octet(bits({false, request.durable, request.auto_delete, false, false}));
    write_table(to, request.arguments);
  }
  void operator()(const DeclareQueue& request) const {
    method(MethodId::queue_declare);
    to.short_integer(reserved);
    to.short_string(request.name);
    to.octet(bits({false, request.durable, request.exclusive, request.auto_delete, false}));
    write_table(to, request.arguments);
  }
  void operator()(const BindQueue& request) const {
    method(MethodId::queue_bind);
    to.short_integer(reserved);
    to.short_string(request.queue);
    to.short_string(request.exchange);
    to.short_string(request.routing_key);
    to.octet(0);
    write_table(to, request.arguments);
  }
  void operator()(const DeleteQueue& request) const {
    method(MethodId::queue_delete);
    to.short_integer(reserved);
    to.short_string(request.name);
    to.octet(0);
  }
  void operator()(const SetPrefetch& request) const {
    method(MethodId::basic_qos);
    to.long_integer(0);
    to.short_integer(request.count);
    to.octet(0);
  }
  void operator()(const Consume& request) const {
    method(MethodId::basic_consume);
    to.short_integer(reserved);
    to.short_string(request.queue);
    to.short_string(request.tag);
    to.octet(0);
    write_table(to, request.arguments);
  }
  void operator()(const CancelConsumer& request) const {
    method(MethodId::basic_cancel);
    to.short_string(request.tag);
    to.octet(0);
  }
  void operator()(const SelectConfirms&) const {
    method(MethodId::confirm_select);
    to.octet(0);
  }
};

}  // namespace

void write_request(Writer& to, const Request& request) {
  std::visit(RequestWriter{to}, request);
}

MethodId answer_to(const Request& request) noexcept {
  // In the order of the alternatives.
  static constexpr std::array<MethodId, std::variant_size_v<Request>> answers{
      MethodId::exchange_declare_ok, MethodId::queue_declare_ok,  MethodId::queue_bind_ok,
      MethodId::queue_delete_ok,     MethodId::basic_qos_ok,      MethodId::basic_consume_ok,
      MethodId::basic_cancel_ok,     MethodId::confirm_select_ok,
  };
  return answers[request.index()];
}

}  // namespace thane::rpc::amqp
