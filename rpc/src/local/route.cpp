#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>

#include "local_client.hpp"

namespace thane::rpc::internal {

using namespace std::chrono_literals;

namespace {

// How late a server that is new may be noticed by a client that has others.
constexpr Duration between_looks = 100ms;
// A client that has none looks as often as this.
constexpr Duration shortest_pause = 2ms;
constexpr Duration longest_pause = 50ms;

}  // namespace

Route::Route(const std::string& root, const Target& target, std::string prefix)
    : directory_(root, target.exchange, target.topic), prefix_(std::move(prefix)) {}

// Each lives as long as the fiber that reads from it.
Route::~Route() {
  for (const auto& [name, channels] : channels_) {
    for (const auto& channel : channels) channel->close();
  }
}

void Route::look(TimePoint now) {
  if (now < next_look_) return;
  next_look_ = now + between_looks;
  const auto names = directory_.list(prefix_);
  // What is no longer listed still answers what it was sent: its channels end by themselves.
  std::erase_if(channels_,
                [&](const auto& entry) { return !std::ranges::binary_search(names, entry.first); });
  for (const std::string& name : names) make_way(channels_[name]);
}

void Route::forget_unusable() {
  for (auto& [name, channels] : channels_) {
    std::erase_if(channels, [](const auto& channel) { return !channel->usable(); });
  }
}

std::shared_ptr<Channel> Route::open(const std::string& name) {
  bool busy = false;
  auto socket = directory_.connect(name, busy);
  if (!socket || !directory_.trusts(socket->get())) {
    if (!busy) next_look_ = TimePoint::min();
    return nullptr;
  }
  auto channel =
      std::make_shared<Channel>(std::make_shared<Link>(Stream{std::move(*socket)}, nullptr));
  channel->start();
  channels_[name].push_back(channel);
  return channel;
}

// Until the first has said hello there is one process; then there may be twice as many channels as
// there are processes, as long as not each has been reached. If the process that was woken for the
// first one is stopped, a second one wakes another, which takes both.
Route::Census Route::count(const Channels& channels) {
  Census census;
  for (auto channel = channels.begin(); channel != channels.end(); ++channel) {
    census.siblings = std::max(census.siblings, (*channel)->siblings());
    if ((*channel)->late()) continue;
    const bool again = std::any_of(channels.begin(), channel, [&](const auto& earlier) {
      return earlier->server() == (*channel)->server();
    });
    if (again) {
      census.spare = *channel;
    } else {
      ++census.reached;
    }
  }
  census.full = channels.size() >= std::min(2 * census.siblings, most_channels);
  return census;
}

// Where the kernel gave all of them to the same few processes, one makes way for another try.
void Route::make_way(const Channels& channels) {
  const Census census = count(channels);
  if (census.full && census.reached < census.siblings && census.spare) census.spare->retire();
}

// To the socket to which there are fewest.
std::shared_ptr<Channel> Route::open_another() {
  std::vector<std::pair<std::size_t, std::string>> names;
  for (const auto& [name, channels] : channels_) {
    const Census census = count(channels);
    if (!census.full && census.reached < census.siblings) names.emplace_back(channels.size(), name);
  }
  std::ranges::sort(names);
  for (const auto& [count, name] : names) {
    if (auto channel = open(name)) return channel;
  }
  return nullptr;
}

std::shared_ptr<Channel> Route::choose() {
  look(FiberLoop::current().now());
  forget_unusable();
  const auto rank = [](const Channel& each) {
    return std::tuple{each.late(), each.outstanding(), each.last_used};
  };
  std::shared_ptr<Channel> best;
  bool unknown = false;  // A socket without a connection.
  for (const auto& [name, channels] : channels_) {
    unknown = unknown || channels.empty();
    for (const auto& channel : channels) {
      if (!best || rank(*channel) < rank(*best)) best = channel;
    }
  }
  if (!best || unknown || best->outstanding() > 0) {
    if (auto fresh = open_another()) best = std::move(fresh);
  }
  return best;
}

std::shared_ptr<Channel> Route::pick() {
  for (;;) {
    auto channel = choose();
    if (channel && channel->just_opened()) {
      channel->wait_for_hello();
      continue;
    }
    if (channel) channel->last_used = ++uses_;
    return channel;
  }
}

std::shared_ptr<Channel> Route::wait_for_one(TimePoint deadline) {
  Duration pause = shortest_pause;
  for (;;) {
    if (auto channel = pick()) return channel;
    const TimePoint now = FiberLoop::current().now();
    if (now >= deadline) return nullptr;
    this_fiber::sleep_until(std::min(deadline, now + pause));
    pause = std::min(pause * 2, longest_pause);
    next_look_ = TimePoint::min();
  }
}

std::vector<std::shared_ptr<Channel>> Route::all() {
  next_look_ = TimePoint::min();  // Everybody has to hear it: also who has come just now.
  look(FiberLoop::current().now());
  forget_unusable();
  std::vector<std::string> names;
  for (const auto& [name, channels] : channels_) names.push_back(name);
  std::vector<std::shared_ptr<Channel>> all;
  for (const std::string& name : names) {
    const Channels& known = channels_[name];
    auto channel = known.empty() ? open(name) : known.front();
    if (channel) all.push_back(std::move(channel));
  }
  return all;
}

}  // namespace thane::rpc::internal
