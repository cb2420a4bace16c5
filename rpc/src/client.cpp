#include <thane/rpc/client.hpp>

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include <thane/log.hpp>

#include "failure.hpp"
#include "transport.hpp"

namespace thane::rpc {

namespace {

using nlohmann::json;

void check_version(const std::string& version) {
  const auto dot = version.find('.');
  const auto is_number = [](std::string_view text) {
    int value = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc{} && result.ptr == end;
  };
  if (dot == std::string::npos || !is_number(std::string_view{version}.substr(0, dot)) ||
      !is_number(std::string_view{version}.substr(dot + 1))) {
    throw MessagingException("Version must contain a major and minor integer. Got " + version);
  }
}

std::optional<std::string> none_if_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

// Of the request that the calling fiber works on.
Context ambient_context() {
  const std::string_view id = log::request_id();
  return id.empty() ? Context{} : Context{{{"request_id", id}}};
}

template <class T>
void take_over(T& value, const std::optional<T>& change) {
  if (change) value = *change;
}

}  // namespace

struct Client::State {
  Transport transport;
  Target target;
  Options options;

  [[nodiscard]] bool can_send(const std::optional<std::string>& version) const {
    return compatible(none_if_empty(options.version_cap), version);
  }

  [[nodiscard]] internal::Outgoing message(const Context& context, std::string_view method,
                                           json args) const {
    if (target.topic.empty()) throw InvalidTarget("A topic is required to send", target);
    if (!can_send(none_if_empty(target.version))) {
      throw RPCVersionCapError(target.version.empty() ? "None" : target.version,
                               options.version_cap);
    }
    if (!args.is_object()) throw std::invalid_argument("the arguments of a call are no object");
    internal::Outgoing outgoing;
    outgoing.context = context.values();
    if (options.serializer) {
      outgoing.context = options.serializer->serialize_context(context).values();
      for (auto& [name, value] : args.items()) {
        value = options.serializer->serialize_entity(context, std::move(value));
      }
    }
    outgoing.message["method"] = method;
    outgoing.message["args"] = std::move(args);
    if (target.name_space) outgoing.message["namespace"] = *target.name_space;
    if (!target.version.empty()) outgoing.message["version"] = target.version;
    return outgoing;
  }

  [[nodiscard]] Target address() const {
    Target address = target;
    if (address.exchange.empty()) address.exchange = transport.settings().control_exchange;
    return address;
  }
};

Client::Client(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

Client::Client(Transport transport, Target target, Options options)
    : state_(std::make_shared<const State>(
          State{std::move(transport), std::move(target), std::move(options)})) {}

Client::Client(Transport transport, Target target)
    : Client(std::move(transport), std::move(target), Options{}) {}

Client Client::prepare(const Changes& changes) const {
  auto state = std::make_shared<State>(*state_);
  if (changes.version && !changes.version->empty()) check_version(*changes.version);
  take_over(state->target.exchange, changes.exchange);
  take_over(state->target.topic, changes.topic);
  take_over(state->target.version, changes.version);
  take_over(state->target.server, changes.server);
  take_over(state->target.fanout, changes.fanout);
  take_over(state->options.version_cap, changes.version_cap);
  take_over(state->options.at_least_once, changes.at_least_once);
  if (changes.name_space) state->target.name_space = changes.name_space;
  if (changes.timeout) state->options.timeout = changes.timeout;
  if (changes.retry) state->options.retry = changes.retry;
  if (changes.call_monitor_timeout) {
    state->options.call_monitor_timeout = changes.call_monitor_timeout;
  }
  return Client{std::move(state)};
}

json Client::call(const Context& context, std::string_view method, json args) const {
  const Options& options = state_->options;
  if (state_->target.fanout) {
    throw InvalidTarget("A call cannot be used with fanout", state_->target);
  }
  internal::CallOptions call{
      .timeout = options.timeout.value_or(state_->transport.settings().rpc_response_timeout),
      .retry = options.retry};
  if (options.call_monitor_timeout) {
    call.monitor_timeout = std::chrono::duration<double>(*options.call_monitor_timeout).count();
  }
  internal::Reply reply = state_->transport.driver().call(
      state_->address(), state_->message(context, method, std::move(args)), call);
  if (reply.failure) options.errors.raise(internal::remote_error_from(*reply.failure));
  if (!options.serializer) return std::move(reply.result);
  return options.serializer->deserialize_entity(context, std::move(reply.result));
}

json Client::call(std::string_view method, json args) const {
  return call(ambient_context(), method, std::move(args));
}

json Client::call(std::string_view method) const {
  return call(method, json::object());
}

void Client::cast(const Context& context, std::string_view method, json args) const {
  state_->transport.driver().cast(
      state_->address(), state_->message(context, method, std::move(args)),
      {.retry = state_->options.retry, .at_least_once = state_->options.at_least_once});
}

void Client::cast(std::string_view method, json args) const {
  cast(ambient_context(), method, std::move(args));
}

void Client::cast(std::string_view method) const {
  cast(method, json::object());
}

bool Client::can_send_version(const std::optional<std::string>& version) const {
  return state_->can_send(version ? version : none_if_empty(state_->target.version));
}

const Target& Client::target() const noexcept {
  return state_->target;
}

}  // namespace thane::rpc
