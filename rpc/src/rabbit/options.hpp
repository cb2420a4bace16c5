// The options of rabbit://, with oslo.messaging's names and defaults.
#pragma once

#include <chrono>
#include <string>

#include <thane/rpc/transport_url.hpp>
#include <thane/snapshot.hpp>

namespace thane::rpc::internal::rabbit {

/// Group oslo_messaging_rabbit. Those above the line decide how queues and exchanges are declared:
/// all programs of a broker have to agree on them.
struct RabbitOptions {
  bool amqp_durable_queues = false;
  bool amqp_auto_delete = false;
  bool rabbit_ha_queues = false;
  bool rabbit_quorum_queue = false;
  bool rabbit_transient_quorum_queue = false;
  int rabbit_quorum_delivery_limit = 0;
  int rabbit_quorum_max_memory_length = 0;
  int rabbit_quorum_max_memory_bytes = 0;
  std::chrono::seconds rabbit_transient_queues_ttl{1800};
  bool rabbit_stream_fanout = false;
  // ---
  bool use_queue_manager = false;
  std::string hostname{};
  std::string processname{};
  int rabbit_qos_prefetch_count = 0;
  bool enable_cancel_on_failover = false;
  bool direct_mandatory_flag = true;
  std::string kombu_compression{};
  std::chrono::seconds kombu_missing_consumer_retry_timeout{60};
  std::chrono::milliseconds kombu_reconnect_delay{1000};
  std::chrono::milliseconds kombu_reconnect_splay{0};
  std::string kombu_failover_strategy = "round-robin";
  std::chrono::milliseconds rabbit_retry_interval{1000};
  std::chrono::milliseconds rabbit_retry_backoff{2000};
  std::chrono::milliseconds rabbit_interval_max{30000};
  std::string rabbit_login_method = "AMQPLAIN";
  std::chrono::seconds heartbeat_timeout_threshold{60};
  int heartbeat_rate = 2;
  bool ssl = false;
  std::string ssl_version{};
  std::string ssl_key_file{};
  std::string ssl_cert_file{};
  std::string ssl_ca_file{};
  bool ssl_enforce_hostname_verification = false;
  bool ssl_enforce_fips_mode = false;

  /// From the options that `values` has, if it has that group; what the URL says is stronger. Reads
  /// the files of TLS, if that is asked for, to see whether they can be used. Throws
  /// InvalidTransportURL for what is wrong in the URL, config_error for what is wrong elsewhere:
  /// files that cannot be used, options that contradict each other.
  static RabbitOptions from(const TransportUrl& url, const Snapshot* values);
};

}  // namespace thane::rpc::internal::rabbit
