#include "options.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <utility>
#include <vector>

#include "option_table.hpp"
#include "tls_stream.hpp"

namespace thane::rpc {

namespace internal::rabbit {

namespace {

std::string path_of(const std::string& name) {
  return std::string{option_group} + "." + name;
}

bool has_group(const Snapshot& values) {
  return std::ranges::any_of(values.entries(), [](const Snapshot::Entry& each) {
    return each.name.starts_with(path_of(""));
  });
}

// What an option says depends on who is asked: the query of the URL, else the configuration, else
// the defaults.
class Source {
 public:
  Source(const TransportUrl& url, const Snapshot* values) : url_(url), table_(option_table()) {
    std::vector<std::string> variables;
    for (const auto& [key, value] : url.query) {
      const std::string& name = known_name(key);
      said_.push_back(name);
      std::string upper = path_of("_" + name);
      std::ranges::replace(upper, '.', '_');
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      variables.push_back("THANE_" + upper + "=" + value);
    }
    try {
      own_ = Config::parse({}, {rabbit_options()}, variables).snapshot();
    } catch (const config_error& error) {
      // "environment THANE_...: what is wrong".
      const std::string_view text = error.what();
      refuse_url(std::string{text.substr(text.find(": ") + 2)});
    }
    if (values != nullptr && has_group(*values)) values_ = values;
  }

  [[nodiscard]] RabbitOptions options() const {
    RabbitOptions all;
    for (const OptionRow& row : table_) {
      const Snapshot& from = is_said(row.name) || values_ == nullptr ? *own_ : *values_;
      if (row.take) row.take(from, path_of(row.name), all);
    }
    return all;
  }

  // Says where the option got the value that will not do.
  [[noreturn]] void refuse(const std::string& name, const std::string& reason) const {
    if (is_said(name) || values_ == nullptr) refuse_url(name + ": " + reason);
    const std::string path = path_of(name);
    for (const Snapshot::Entry& entry : values_->entries()) {
      if (entry.name == path) throw config_error(entry.origin + ": " + path + ": " + reason);
    }
    throw config_error(path + ": " + reason);
  }

 private:
  [[noreturn]] void refuse_url(const std::string& reason) const {
    throw InvalidTransportURL(url_.to_string(), reason);
  }
  [[nodiscard]] const std::string& known_name(const std::string& key) const {
    const auto found = std::ranges::find_if(
        table_, [&](const OptionRow& row) { return row.name == key || row.old_name == key; });
    if (found == table_.end()) refuse_url("there is no option \"" + key + "\"");
    return found->name;
  }
  [[nodiscard]] bool is_said(const std::string& name) const {
    return std::ranges::find(said_, name) != said_.end();
  }

  const TransportUrl& url_;
  std::vector<OptionRow> table_;
  std::vector<std::string> said_;
  std::shared_ptr<const Snapshot> own_;
  const Snapshot* values_ = nullptr;
};

// What oslo.messaging refuses, too.
void check_contradictions(const RabbitOptions& all, const Source& source) {
  for (const auto& [quorum, name] :
       {std::pair{all.rabbit_quorum_queue, "rabbit_quorum_queue"},
        std::pair{all.rabbit_transient_quorum_queue, "rabbit_transient_quorum_queue"}}) {
    if (quorum && all.rabbit_ha_queues) {
      source.refuse(name, "excludes rabbit_ha_queues: quorum queues are not mirrored");
    }
  }
  if (!all.rabbit_stream_fanout) return;
  if (all.rabbit_qos_prefetch_count == 0) {
    source.refuse("rabbit_stream_fanout", "needs a rabbit_qos_prefetch_count above 0");
  }
  if (!all.rabbit_transient_quorum_queue) {
    source.refuse("rabbit_stream_fanout", "needs rabbit_transient_quorum_queue");
  }
}

void check_names(const RabbitOptions& all, const Source& source) {
  for (const auto& [value, name] :
       {std::pair{&all.hostname, "hostname"}, std::pair{&all.processname, "processname"}}) {
    if (value->find('/') != std::string::npos || value->size() > 100) {
      source.refuse(name, "\"" + *value + "\" is no name: no slash and at most 100 octets");
    }
  }
}

}  // namespace

RabbitOptions RabbitOptions::from(const TransportUrl& url, const Snapshot* values) {
  const Source source{url, values};
  const RabbitOptions all = source.options();
  check_contradictions(all, source);
  check_names(all, source);
  if (!all.ssl) return all;
  try {
    check_tls(all);
  } catch (const bad_tls_option& error) {
    source.refuse(error.option(), error.reason());
  }
  return all;
}

}  // namespace internal::rabbit

OptGroup rabbit_options() {
  OptGroup group{internal::rabbit::option_group, {}};
  for (const auto& row : internal::rabbit::option_table()) group.options.push_back(row.option);
  return group;
}

}  // namespace thane::rpc
