// Records of services as rows of a table.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <thane/clock.hpp>
#include <thane/semaphore.hpp>
#include <thane/servicegroup/store.hpp>

#include "database.hpp"

namespace thane::servicegroup::internal {

/// The statement that makes the table, if there is none.
[[nodiscard]] std::string schema(const Dialect& dialect);

class SqlStore final : public Store {
 public:
  SqlStore(std::unique_ptr<Database> database, Duration timeout);

  void join(const Member& member, const Change& first) override;
  bool report(std::string_view host, std::string_view binary) override;
  std::vector<Record> list(const Filter& filter) override;
  bool change(std::string_view host, std::string_view binary, const Change& change) override;
  bool remove(std::string_view host, std::string_view binary) override;
  void disconnect() override;

 private:
  Rows run(const std::string& statement, const Row& values);
  [[nodiscard]] std::string with_dialect(std::string statement) const;

  std::unique_ptr<Database> database_;
  Duration timeout_;
  Semaphore turn_{1};
};

}  // namespace thane::servicegroup::internal
