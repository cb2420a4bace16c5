#include <thane/servicegroup/store.hpp>

#include <utility>

#include <thane/snapshot.hpp>

#include "postgresql/postgresql_database.hpp"
#include "sql_store.hpp"
#include "sqlite/sqlite_database.hpp"
#include "store_url.hpp"

namespace thane::servicegroup {

Change disable(std::string reason) {
  return {.disabled = true, .disabled_reason = std::move(reason)};
}

Change enable() {
  return {.disabled = false, .disabled_reason = std::string{}};
}

Change force_down() {
  return {.forced_down = true};
}

Change unforce_down() {
  return {.forced_down = false};
}

std::shared_ptr<Store> make_store(const Config& config) {
  const auto values = config.snapshot();
  return make_store(values->get<std::string>("database.connection"),
                    {.timeout = values->get<std::chrono::milliseconds>("database.timeout")});
}

std::shared_ptr<Store> make_store(const std::string& url, const StoreOptions& options) {
  const auto parsed = internal::StoreUrl::parse(url);
  if (parsed.kind == internal::StoreKind::memory) return make_memory_store();
  auto database = parsed.kind == internal::StoreKind::sqlite
                      ? internal::make_sqlite_database(parsed.place, options.timeout)
                      : internal::make_postgresql_database(parsed.place);
  return std::make_shared<internal::SqlStore>(std::move(database), options.timeout);
}

}  // namespace thane::servicegroup
