// Where the records of services are: this process, a file of this machine, or a server for many.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/clock.hpp>
#include <thane/config.hpp>
#include <thane/servicegroup/record.hpp>

namespace thane::servicegroup {

/// What an operator changes in a record; what is not set stays.
struct Change {
  std::optional<bool> disabled{};
  std::optional<std::string> disabled_reason{};
  std::optional<bool> forced_down{};
};

/// Which records list() returns: those of this host, of this binary; empty ones match all.
struct Filter {
  std::string host{};
  std::string binary{};
};

/// A set of records. Implement it to keep them elsewhere.
///
///     const auto store = servicegroup::make_store(config);
///     store->change("node-1", "nova-compute", servicegroup::disable("disk is failing"));
///     std::cout << table(store->list({}), settings.service_down_time);
///
/// All calls block the calling fiber and nothing else, for as long as the store allows itself; they
/// throw StoreError. A kill() that comes meanwhile may leave the call done or not. May be made in
/// the parent: it connects at the first call, in the process that makes it.
class Store {
 public:
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// A service starts: makes its record or takes it up again, with topic and version as they are
  /// now. Counts as seen. What operators have set stays. `first` is for a record that is new.
  virtual void join(const Member& member, const Change& first) = 0;
  /// It is alive. False: there is no such record; somebody has removed it.
  [[nodiscard]] virtual bool report(std::string_view host, std::string_view binary) = 0;

  /// In the order in which they first joined.
  [[nodiscard]] virtual std::vector<Record> list(const Filter& filter) = 0;
  /// False: there is no such record.
  virtual bool change(std::string_view host, std::string_view binary, const Change& change) = 0;
  /// For a service that will not come back; one that runs makes its record anew with its next
  /// report. False: there is no such record.
  virtual bool remove(std::string_view host, std::string_view binary) = 0;

  /// Gives up what it keeps open between calls, once those that are going on have ended; the next
  /// one opens it again.
  virtual void disconnect() = 0;

 protected:
  Store() = default;
};

/// For Store::change(). To enable a service takes the reason away as well.
[[nodiscard]] Change disable(std::string reason = {});
[[nodiscard]] Change enable();
[[nodiscard]] Change force_down();
[[nodiscard]] Change unforce_down();

struct StoreOptions {
  /// The most that one call takes, a connection it has to make included. Looking up the name of a
  /// host cannot be cut short.
  Duration timeout = std::chrono::seconds{10};
};

/// By the options `connection` and `timeout` of group database.
[[nodiscard]] std::shared_ptr<Store> make_store(const Config& config);
/// Throws InvalidConnectionUrl. The URLs are SQLAlchemy's and libpq's:
///
///     sqlite://                     a file that all processes of this user on this machine share:
///                                   thane-servicegroup/services.sqlite below $XDG_RUNTIME_DIR or,
///                                   for root, /run; else /tmp/thane-servicegroup-UID/...
///     sqlite:///relative.db         a file; sqlite:////var/lib/shop/services.db an absolute one
///     postgresql://USER:PASSWORD@HOST:PORT/DATABASE?option=value
///     memory://                     this object alone; for tests
[[nodiscard]] std::shared_ptr<Store> make_store(const std::string& url,
                                                const StoreOptions& options = {});

/// What memory:// is, with a clock that a test owns.
[[nodiscard]] std::shared_ptr<Store> make_memory_store(std::function<Record::Time()> clock = {});

}  // namespace thane::servicegroup
