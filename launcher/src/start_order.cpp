#include "start_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace thane::internal {

namespace {

enum class Mark { unseen, on_path, done };

class CircleFinder {
 public:
  CircleFinder(const std::vector<std::string>& names,
               const std::vector<std::vector<std::size_t>>& after)
      : names_(names), after_(after), marks_(names.size(), Mark::unseen) {}

  void visit(std::size_t service) {
    if (marks_[service] == Mark::done) {
      return;
    }
    if (marks_[service] == Mark::on_path) {
      fail(service);
    }
    marks_[service] = Mark::on_path;
    path_.push_back(service);
    for (const std::size_t earlier : after_[service]) {
      visit(earlier);
    }
    path_.pop_back();
    marks_[service] = Mark::done;
  }

 private:
  [[noreturn]] void fail(std::size_t service) const {
    std::string circle;
    for (auto at = std::ranges::find(path_, service); at != path_.end(); ++at) {
      circle += names_[*at] + " after ";
    }
    throw std::invalid_argument("services wait for each other in a circle: " + circle +
                                names_[service]);
  }

  const std::vector<std::string>& names_;
  const std::vector<std::vector<std::size_t>>& after_;
  std::vector<Mark> marks_;
  std::vector<std::size_t> path_;
};

}  // namespace

std::vector<std::vector<std::size_t>> start_order(
    const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& after) {
  std::vector<std::vector<std::size_t>> order(names.size());
  for (std::size_t service = 0; service < names.size(); ++service) {
    for (const std::string& earlier : after[service]) {
      const auto found = std::ranges::find(names, earlier);
      if (found == names.end()) {
        throw std::invalid_argument(fmt::format(
            "service {} starts after \"{}\", but no service has that name; there are {}",
            names[service], earlier, fmt::join(names, ", ")));
      }
      order[service].push_back(static_cast<std::size_t>(found - names.begin()));
    }
  }
  CircleFinder finder{names, order};
  for (std::size_t service = 0; service < names.size(); ++service) {
    finder.visit(service);
  }
  return order;
}

std::vector<std::size_t> start_ranks(const std::vector<std::vector<std::size_t>>& order) {
  std::vector<std::size_t> ranks(order.size(), 0);
  // There is no circle, so no line is longer than there are services.
  for (std::size_t round = 0; round < order.size(); ++round) {
    for (std::size_t service = 0; service < order.size(); ++service) {
      for (const std::size_t earlier : order[service]) {
        ranks[service] = std::max(ranks[service], ranks[earlier] + 1);
      }
    }
  }
  return ranks;
}

}  // namespace thane::internal
