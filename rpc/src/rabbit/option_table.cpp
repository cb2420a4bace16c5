#include "option_table.hpp"

#include <chrono>
#include <utility>

namespace thane::rpc::internal::rabbit {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Rows = std::vector<OptionRow>;

// Its default is that of the field.
template <class T>
OptionRow row(T RabbitOptions::*field, Opt<T> option) {
  option.default_value = RabbitOptions{}.*field;
  return {.name = option.name,
          .old_name = option.deprecated_name,
          .option = option,
          .take = [field](const Snapshot& values, const std::string& path, RabbitOptions& to) {
            to.*field = values.get<T>(path);
          }};
}

// One that files may have and that means nothing here.
template <class T>
OptionRow without_effect(const Opt<T>& option) {
  return {.name = option.name, .old_name = option.deprecated_name, .option = option};
}

Rows declaration_rows() {
  using All = RabbitOptions;
  return {
      row(&All::amqp_durable_queues,
          {.name = "amqp_durable_queues",
           .help = "Whether exchanges and queues of topics outlive the broker."}),
      row(&All::amqp_auto_delete,
          {.name = "amqp_auto_delete",
           .help = "Whether exchanges and queues of topics go with their last user."}),
      row(&All::rabbit_ha_queues,
          {.name = "rabbit_ha_queues",
           .help = "Whether to ask for mirrored queues (x-ha-policy), as old brokers have them."}),
      row(&All::rabbit_quorum_queue,
          {.name = "rabbit_quorum_queue",
           .help = "Whether queues of topics are quorum queues, which are durable."}),
      row(&All::rabbit_transient_quorum_queue,
          {.name = "rabbit_transient_quorum_queue",
           .help = "Whether queues for replies and fanout are quorum queues, too."}),
      row(&All::rabbit_quorum_delivery_limit,
          {.name = "rabbit_quorum_delivery_limit",
           .help = "How often a message of a quorum queue is delivered before it is dropped; 0 is "
                   "for ever.",
           .min = 0}),
      row(&All::rabbit_quorum_max_memory_length,
          {.name = "rabbit_quorum_max_memory_length",
           .help = "Messages of a quorum queue that the broker keeps in memory; 0 is all.",
           .min = 0,
           .deprecated_name = "rabbit_quroum_max_memory_length"}),  // As releases spelled it.
      row(&All::rabbit_quorum_max_memory_bytes,
          {.name = "rabbit_quorum_max_memory_bytes",
           .help = "Octets of a quorum queue that the broker keeps in memory; 0 is all.",
           .min = 0,
           .deprecated_name = "rabbit_quroum_max_memory_bytes"}),
      row(&All::rabbit_transient_queues_ttl,
          {.name = "rabbit_transient_queues_ttl",
           .help = "Time after which unused queues for replies and fanout are deleted, and "
                   "messages of a stream; 0 is never."}),
      row(&All::rabbit_stream_fanout,
          {.name = "rabbit_stream_fanout",
           .help = "Whether the servers of a topic read fanout from one stream instead of a queue "
                   "each; needs rabbit_transient_quorum_queue and rabbit_qos_prefetch_count."}),
  };
}

Rows queue_rows() {
  using All = RabbitOptions;
  return {
      row(&All::use_queue_manager,
          {.name = "use_queue_manager",
           .help = "Whether queues for replies and fanout are called HOST:PROCESS:NUMBER and stay, "
                   "so that a service that is started again finds its own."}),
      row(&All::hostname, {.name = "hostname",
                           .help = "HOST in names of queues; empty is the name of the machine."}),
      row(&All::processname,
          {.name = "processname",
           .help = "PROCESS in names of queues; empty is the name of the program."}),
      row(&All::rabbit_qos_prefetch_count,
          {.name = "rabbit_qos_prefetch_count",
           .help = "Messages that the broker sends ahead of their acknowledgement; 0 is all.",
           .min = 0,
           .max = 65535}),
      row(&All::enable_cancel_on_failover,
          {.name = "enable_cancel_on_failover",
           .help = "Whether consumers are told when a mirrored queue moves "
                   "(x-cancel-on-ha-failover)."}),
      row(&All::direct_mandatory_flag,
          {.name = "direct_mandatory_flag",
           .help = "Whether replies are sent again while their queue is missing."}),
      row(&All::kombu_compression,
          {.name = "kombu_compression",
           .help = "How bodies that are sent are compressed; empty is not at all.",
           .choices = {"", "gzip", "zlib", "bzip2", "bzip", "bz2", "brotli", "lzma", "xz", "zstd",
                       "zstandard"}}),
      row(&All::kombu_missing_consumer_retry_timeout,
          {.name = "kombu_missing_consumer_retry_timeout",
           .help = "How long a reply is sent again while its queue is missing.",
           .deprecated_name = "kombu_reconnect_timeout"}),
  };
}

Rows connection_rows() {
  using All = RabbitOptions;
  return {
      row(&All::kombu_reconnect_delay,
          {.name = "kombu_reconnect_delay",
           .help = "Pause before each attempt to replace a connection that was lost.",
           .max = milliseconds{4500}}),
      row(&All::kombu_reconnect_splay,
          {.name = "kombu_reconnect_splay",
           .help = "By how much that pause is longer at most, at random, so that not all come back "
                   "at once."}),
      row(&All::kombu_failover_strategy,
          {.name = "kombu_failover_strategy",
           .help = "Which host is next when one is lost, if there are several.",
           .choices = {"round-robin", "shuffle"}}),
      row(&All::rabbit_retry_interval, {.name = "rabbit_retry_interval",
                                        .help = "First pause between attempts to reach a broker."}),
      row(&All::rabbit_retry_backoff,
          {.name = "rabbit_retry_backoff",
           .help = "By what each of these pauses is longer than the one before."}),
      row(&All::rabbit_interval_max,
          {.name = "rabbit_interval_max", .help = "The longest of these pauses."}),
      row(&All::rabbit_login_method,
          {.name = "rabbit_login_method",
           .help = "How to log in; EXTERNAL is by the certificate in ssl_cert_file.",
           .choices = {"PLAIN", "AMQPLAIN", "EXTERNAL", "RABBIT-CR-DEMO"}}),
      row(&All::heartbeat_timeout_threshold,
          {.name = "heartbeat_timeout_threshold",
           .help = "Silence after which the broker counts as gone; 0 is never.",
           .max = seconds{65535}}),
      row(&All::heartbeat_rate, {.name = "heartbeat_rate",
                                 .help = "Heartbeats that are sent in that time.",
                                 .min = 1,
                                 .max = 100}),
      without_effect(
          Opt<bool>{.name = "heartbeat_in_pthread",
                    .help = "Accepted and not used: heartbeats need no thread of their own."}),
  };
}

Rows tls_rows() {
  using All = RabbitOptions;
  return {
      row(&All::ssl, {.name = "ssl",
                      .help = "Whether to speak TLS with the broker.",
                      .deprecated_name = "rabbit_use_ssl"}),
      row(&All::ssl_version,
          {.name = "ssl_version",
           .help = "The one version of TLS to speak: TLSv1, TLSv1_1, TLSv1_2 or TLSv1_3; empty, or "
                   "SSLv23, is the highest that both know, TLSv1_2 at least.",
           .deprecated_name = "kombu_ssl_version"}),
      row(&All::ssl_key_file,
          {.name = "ssl_key_file",
           .help = "PEM file of the client's private key; empty is ssl_cert_file.",
           .deprecated_name = "kombu_ssl_keyfile"}),
      row(&All::ssl_cert_file, {.name = "ssl_cert_file",
                                .help = "PEM file of the client's certificate.",
                                .deprecated_name = "kombu_ssl_certfile"}),
      row(&All::ssl_ca_file,
          {.name = "ssl_ca_file",
           .help = "PEM file of the authorities that the broker's certificate is checked against; "
                   "empty is those of the system.",
           .deprecated_name = "kombu_ssl_ca_certs"}),
      row(&All::ssl_enforce_hostname_verification,
          {.name = "ssl_enforce_hostname_verification",
           .help = "Whether the broker's certificate has to name the host that was asked for."}),
      row(&All::ssl_enforce_fips_mode,
          {.name = "ssl_enforce_fips_mode",
           .help = "Whether nothing but the FIPS provider of OpenSSL may be used, which has to be "
                   "installed then."}),
  };
}

Rows pool_rows() {
  return {
      without_effect(Opt<int>{
          .name = "rpc_conn_pool_size",
          .default_value = 30,
          .help = "Accepted and not used: one connection for messages does what a pool is for.",
          .min = 1,
          .deprecated_name = "DEFAULT.rpc_conn_pool_size"}),
      without_effect(Opt<int>{
          .name = "conn_pool_min_size", .default_value = 2, .help = "Accepted and not used."}),
      without_effect(Opt<int>{
          .name = "conn_pool_ttl", .default_value = 1200, .help = "Accepted and not used."}),
  };
}

}  // namespace

Rows option_table() {
  Rows all;
  for (const Rows& some :
       {declaration_rows(), queue_rows(), connection_rows(), tls_rows(), pool_rows()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace thane::rpc::internal::rabbit
