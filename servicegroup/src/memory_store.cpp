#include <algorithm>
#include <thane/servicegroup/store.hpp>
#include <utility>

namespace thane::servicegroup {

namespace {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::function<Record::Time()> clock) : clock_(std::move(clock)) {}

  void join(const Member& member, const Change& first) override {
    const Record::Time now = clock_();
    Record* record = find(member.host, member.binary);
    if (record == nullptr) {
      record = &records_.emplace_back();
      record->created_at = now;
      apply(first, *record);
    }
    record->member = member;
    record->last_seen_up = record->updated_at = now;
  }

  bool report(std::string_view host, std::string_view binary) override {
    Record* const record = find(host, binary);
    if (record == nullptr) return false;
    ++record->report_count;
    record->last_seen_up = record->updated_at = clock_();
    return true;
  }

  std::vector<Record> list(const Filter& filter) override {
    std::vector<Record> found;
    for (const Record& record : records_) {
      if (!filter.host.empty() && record.member.host != filter.host) continue;
      if (!filter.binary.empty() && record.member.binary != filter.binary) continue;
      found.push_back(record);
      found.back().read_at = clock_();
    }
    return found;
  }

  bool change(std::string_view host, std::string_view binary, const Change& change) override {
    Record* const record = find(host, binary);
    if (record == nullptr) return false;
    apply(change, *record);
    record->updated_at = clock_();
    return true;
  }

  bool remove(std::string_view host, std::string_view binary) override {
    return std::erase_if(records_, [&](const Record& record) {
             return record.member.host == host && record.member.binary == binary;
           }) > 0;
  }

  void disconnect() override {}

 private:
  static void apply(const Change& change, Record& record) {
    record.disabled = change.disabled.value_or(record.disabled);
    record.disabled_reason = change.disabled_reason.value_or(record.disabled_reason);
    record.forced_down = change.forced_down.value_or(record.forced_down);
  }

  Record* find(std::string_view host, std::string_view binary) noexcept {
    const auto found = std::ranges::find_if(records_, [&](const Record& record) {
      return record.member.host == host && record.member.binary == binary;
    });
    return found == records_.end() ? nullptr : &*found;
  }

  std::function<Record::Time()> clock_;
  std::vector<Record> records_;
};

}  // namespace

std::shared_ptr<Store> make_memory_store(std::function<Record::Time()> clock) {
  if (!clock) clock = [] { return std::chrono::system_clock::now(); };
  return std::make_shared<MemoryStore>(std::move(clock));
}

}  // namespace thane::servicegroup
