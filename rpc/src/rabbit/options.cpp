#include "options.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <vector>

namespace thane::rpc {

namespace {

constexpr std::string_view group = "oslo_messaging_rabbit";

using std::chrono::milliseconds;
using std::chrono::seconds;
using Options = internal::rabbit::RabbitOptions;

Opt<bool> flag(std::string name, bool value, std::string help) {
  return {.name = std::move(name), .default_value = value, .help = std::move(help)};
}
Opt<int> count(std::string name, std::string help) {
  return {.name = std::move(name), .default_value = 0, .help = std::move(help), .min = 0};
}
Opt<std::string> text(std::string name, std::string value, std::string help) {
  return {.name = std::move(name), .default_value = std::move(value), .help = std::move(help)};
}

std::vector<AnyOpt> topology_options(const Options& defaults) {
  return {
      flag("amqp_durable_queues", defaults.amqp_durable_queues,
           "Whether exchanges and queues of topics outlive the broker."),
      flag("amqp_auto_delete", defaults.amqp_auto_delete,
           "Whether exchanges and queues of topics go with their last user."),
      flag("rabbit_ha_queues", defaults.rabbit_ha_queues,
           "Whether to ask for mirrored queues (x-ha-policy), as old brokers have them."),
      flag("rabbit_quorum_queue", defaults.rabbit_quorum_queue,
           "Whether queues of topics are quorum queues, which are durable."),
      flag("rabbit_transient_quorum_queue", defaults.rabbit_transient_quorum_queue,
           "Whether queues for replies and fanout are quorum queues, too."),
      count("rabbit_quorum_delivery_limit",
            "How often a message of a quorum queue is delivered before it is dropped; 0 is for "
            "ever."),
      count("rabbit_quorum_max_memory_length",
            "Messages of a quorum queue that the broker keeps in memory; 0 is all."),
      count("rabbit_quorum_max_memory_bytes",
            "Octets of a quorum queue that the broker keeps in memory; 0 is all."),
      Opt<seconds>{.name = "rabbit_transient_queues_ttl",
                   .default_value = defaults.rabbit_transient_queues_ttl,
                   .help = "Time after which unused queues for replies and fanout are deleted; 0 "
                           "is never."},
  };
}

std::vector<AnyOpt> message_options(const Options& defaults) {
  return {
      Opt<int>{.name = "rabbit_qos_prefetch_count",
               .default_value = defaults.rabbit_qos_prefetch_count,
               .help = "Messages that the broker sends ahead of their acknowledgement; 0 is all.",
               .min = 0,
               .max = 65535},
      flag("enable_cancel_on_failover", defaults.enable_cancel_on_failover,
           "Whether consumers are told when a mirrored queue moves (x-cancel-on-ha-failover)."),
      flag("direct_mandatory_flag", defaults.direct_mandatory_flag,
           "Whether replies are sent again while their queue is missing."),
      Opt<std::string>{.name = "kombu_compression",
                       .default_value = defaults.kombu_compression,
                       .help = "How bodies that are sent are compressed; empty is not at all.",
                       .choices = {"", "gzip", "bzip2"}},
      Opt<seconds>{.name = "kombu_missing_consumer_retry_timeout",
                   .default_value = defaults.kombu_missing_consumer_retry_timeout,
                   .help = "How long a reply is sent again while its queue is missing."},
  };
}

std::vector<AnyOpt> connection_options(const Options& defaults) {
  return {
      Opt<milliseconds>{.name = "kombu_reconnect_delay",
                        .default_value = defaults.kombu_reconnect_delay,
                        .help = "Pause before each attempt to replace a connection that was lost.",
                        .max = milliseconds{4500}},
      Opt<std::string>{.name = "kombu_failover_strategy",
                       .default_value = defaults.kombu_failover_strategy,
                       .help = "Which host is next when one is lost, if there are several.",
                       .choices = {"round-robin", "shuffle"}},
      Opt<milliseconds>{.name = "rabbit_retry_interval",
                        .default_value = defaults.rabbit_retry_interval,
                        .help = "First pause between attempts to reach a broker."},
      Opt<milliseconds>{.name = "rabbit_retry_backoff",
                        .default_value = defaults.rabbit_retry_backoff,
                        .help = "By what each of these pauses is longer than the one before."},
      Opt<milliseconds>{.name = "rabbit_interval_max",
                        .default_value = defaults.rabbit_interval_max,
                        .help = "The longest of these pauses."},
      Opt<std::string>{.name = "rabbit_login_method",
                       .default_value = defaults.rabbit_login_method,
                       .help = "How to log in; AMQPLAIN is done as PLAIN, which says the same.",
                       .choices = {"PLAIN", "AMQPLAIN", "EXTERNAL"}},
      Opt<seconds>{.name = "heartbeat_timeout_threshold",
                   .default_value = defaults.heartbeat_timeout_threshold,
                   .help = "Silence after which the broker counts as gone; 0 is never.",
                   .max = seconds{65535}},
      flag("ssl", defaults.ssl, "Whether to speak TLS with the broker."),
      text("ssl_version", defaults.ssl_version,
           "The lowest version of TLS: empty (TLSv1_2) or TLSv1_3."),
      text("ssl_key_file", defaults.ssl_key_file, "PEM file of the client's private key."),
      text("ssl_cert_file", defaults.ssl_cert_file, "PEM file of the client's certificate."),
      text("ssl_ca_file", defaults.ssl_ca_file,
           "PEM file of the authorities that the broker's certificate is checked against; empty "
           "is those of the system."),
      flag("ssl_enforce_hostname_verification", defaults.ssl_enforce_hostname_verification,
           "Whether the broker's certificate has to name the host that was asked for."),
  };
}

}  // namespace

OptGroup rabbit_options() {
  const Options defaults;
  OptGroup all{std::string{group}, {}};
  for (const auto& some :
       {topology_options(defaults), message_options(defaults), connection_options(defaults)}) {
    all.options.insert(all.options.end(), some.begin(), some.end());
  }
  return all;
}

namespace internal::rabbit {

namespace {

// HEAD of oslo.messaging spells it right; the releases do not.
std::string right_spelling(const std::string& name) {
  const auto at = name.find("quroum");
  return at == std::string::npos ? name : name.substr(0, at) + "quorum" + name.substr(at + 6);
}

// Values from the query of the URL before those of the configuration before the defaults.
class Source {
 public:
  Source(const TransportUrl& url, const Snapshot* values) {
    std::vector<std::string> variables;
    for (const auto& [key, value] : url.query) {
      const std::string name = right_spelling(key);
      require_known(name, url);
      said_.push_back(full(name));
      std::string upper = name;
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      variables.push_back("THANE_OSLO_MESSAGING_RABBIT__" + upper + "=" + value);
    }
    try {
      own_ = Config::parse({}, {rabbit_options()}, variables).snapshot();
    } catch (const config_error& error) {
      throw InvalidTransportURL(url.to_string(), error.what());
    }
    if (values != nullptr && has_group(*values)) values_ = values;
  }

  template <class T>
  void take(T& to, std::string_view name) const {
    const std::string path = full(name);
    const bool said = std::ranges::find(said_, path) != said_.end();
    to = (said || values_ == nullptr ? *own_ : *values_).get<T>(path);
  }

 private:
  static std::string full(std::string_view name) {
    return std::string{group}.append(".").append(name);
  }
  static void require_known(const std::string& name, const TransportUrl& url) {
    const auto known = rabbit_options().options;
    if (std::ranges::none_of(known, [&](const AnyOpt& each) { return each.name() == name; })) {
      throw InvalidTransportURL(url.to_string(), "there is no option \"" + name + "\"");
    }
  }
  static bool has_group(const Snapshot& values) {
    return std::ranges::any_of(values.entries(), [](const Snapshot::Entry& each) {
      return each.name.starts_with(full(""));
    });
  }

  std::vector<std::string> said_;
  std::shared_ptr<const Snapshot> own_;
  const Snapshot* values_ = nullptr;
};

}  // namespace

RabbitOptions RabbitOptions::from(const TransportUrl& url, const Snapshot* values) {
  const Source source{url, values};
  RabbitOptions all;
  source.take(all.amqp_durable_queues, "amqp_durable_queues");
  source.take(all.amqp_auto_delete, "amqp_auto_delete");
  source.take(all.rabbit_ha_queues, "rabbit_ha_queues");
  source.take(all.rabbit_quorum_queue, "rabbit_quorum_queue");
  source.take(all.rabbit_transient_quorum_queue, "rabbit_transient_quorum_queue");
  source.take(all.rabbit_quorum_delivery_limit, "rabbit_quorum_delivery_limit");
  source.take(all.rabbit_quorum_max_memory_length, "rabbit_quorum_max_memory_length");
  source.take(all.rabbit_quorum_max_memory_bytes, "rabbit_quorum_max_memory_bytes");
  source.take(all.rabbit_transient_queues_ttl, "rabbit_transient_queues_ttl");
  source.take(all.rabbit_qos_prefetch_count, "rabbit_qos_prefetch_count");
  source.take(all.enable_cancel_on_failover, "enable_cancel_on_failover");
  source.take(all.direct_mandatory_flag, "direct_mandatory_flag");
  source.take(all.kombu_compression, "kombu_compression");
  source.take(all.kombu_missing_consumer_retry_timeout, "kombu_missing_consumer_retry_timeout");
  source.take(all.kombu_reconnect_delay, "kombu_reconnect_delay");
  source.take(all.kombu_failover_strategy, "kombu_failover_strategy");
  source.take(all.rabbit_retry_interval, "rabbit_retry_interval");
  source.take(all.rabbit_retry_backoff, "rabbit_retry_backoff");
  source.take(all.rabbit_interval_max, "rabbit_interval_max");
  source.take(all.rabbit_login_method, "rabbit_login_method");
  source.take(all.heartbeat_timeout_threshold, "heartbeat_timeout_threshold");
  source.take(all.ssl, "ssl");
  source.take(all.ssl_version, "ssl_version");
  source.take(all.ssl_key_file, "ssl_key_file");
  source.take(all.ssl_cert_file, "ssl_cert_file");
  source.take(all.ssl_ca_file, "ssl_ca_file");
  source.take(all.ssl_enforce_hostname_verification, "ssl_enforce_hostname_verification");
  if (all.rabbit_quorum_queue && all.rabbit_ha_queues) {
    throw std::runtime_error(
        "rabbit_quorum_queue and rabbit_ha_queues exclude each other: quorum queues are not "
        "mirrored");
  }
  return all;
}

}  // namespace internal::rabbit
}  // namespace thane::rpc
