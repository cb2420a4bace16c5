#include "options.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <utility>
#include <vector>

#include "compression.hpp"
#include "loaded_library.hpp"
#include "option_table.hpp"
#include "tls_stream.hpp"

namespace thane::rpc {

namespace internal::rabbit {

namespace {

std::string path_of(const std::string& name) {
  return std::string{option_group} + "." + name;
}

std::string variable_of(const std::string& name) {
  std::string variable = std::string{"THANE_"} + option_group + "__" + name;
  std::ranges::transform(variable, variable.begin(),
                         [](unsigned char c) { return std::toupper(c); });
  return variable;
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
    std::vector<std::string> settings;
    for (const auto& [key, value] : url.query) {
      said_.push_back(known_name(key));
      settings.push_back(variable_of(said_.back()) + "=" + value);
    }
    try {
      own_ = Config::parse({}, {rabbit_options()}, settings).snapshot();
    } catch (const config_error& error) {
      refuse_value(error.what());
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
  // `text` begins with "environment VARIABLE: ".
  [[noreturn]] void refuse_value(const std::string& text) const {
    for (const std::string& name : said_) {
      const std::string place = "environment " + variable_of(name) + ": ";
      if (text.starts_with(place)) refuse_url(name + ": " + text.substr(place.size()));
    }
    refuse_url(text);
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

void check_compression(const RabbitOptions& all, const Source& source) {
  if (all.kombu_compression.empty()) return;
  try {
    require(compression_by_method(all.kombu_compression));
  } catch (const library_error& error) {
    source.refuse("kombu_compression", error.what());
  }
}

}  // namespace

RabbitOptions RabbitOptions::from(const TransportUrl& url, const Snapshot* values) {
  const Source source{url, values};
  const RabbitOptions all = source.options();
  check_contradictions(all, source);
  check_names(all, source);
  check_compression(all, source);
  if (!all.ssl) return all;
  try {
    check_tls(all);
  } catch (const tls_option_error& error) {
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
