#include "output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include <thane/check.hpp>

#include "child_process.hpp"

namespace thane::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool begins_with_time(std::string_view line) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  return line.size() > shape.size() &&
         std::equal(shape.begin(), shape.end(), line.begin(), [](char wanted, char got) {
           return wanted == 'd' ? std::isdigit(static_cast<unsigned char>(got)) != 0
                                : wanted == got;
         });
}

}  // namespace

std::string_view message_of(std::string_view line) {
  const auto colon = line.find(": ");
  return begins_with_time(line) && colon != std::string_view::npos ? line.substr(colon + 2) : line;
}

bool Output::read_until(steady_clock::time_point deadline) {
  if (ended()) {
    return false;
  }
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  const int limit = static_cast<int>(std::max(left, milliseconds{0}).count());
  pollfd waiting{source_.get(), POLLIN, 0};
  if (check_retry([&] { return ::poll(&waiting, 1, limit); }, "poll") == 0) {
    return false;
  }
  std::array<char, 65536> chunk{};
  const auto size =
      check_retry([&] { return ::read(source_.get(), chunk.data(), chunk.size()); }, "read");
  if (size == 0) {
    source_.reset();
    if (!partial_.empty()) {
      partial_ += '\n';  // What a dying program wrote last is a line too.
    }
  }
  partial_.append(chunk.data(), static_cast<std::size_t>(size));
  split();
  return size > 0;
}

void Output::read_available() {
  while (read_until(steady_clock::now())) {
  }
}

void Output::split() {
  std::size_t begin = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', begin)) {
    Line line{partial_.substr(begin, end - begin), 0, false};
    line.message = line.text.size() - message_of(line.text).size();
    lines_.push_back(std::move(line));
    begin = end + 1;
  }
  partial_.erase(0, begin);
}

std::optional<std::string> Output::consume(std::string_view prefix) {
  for (auto& line : lines_) {
    const std::string_view message = std::string_view{line.text}.substr(line.message);
    if (!line.consumed && message.starts_with(prefix)) {
      line.consumed = true;
      return std::string{message.substr(prefix.size())};
    }
  }
  return std::nullopt;
}

bool Output::has(std::string_view prefix) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return !line.consumed && std::string_view{line.text}.substr(line.message).starts_with(prefix);
  });
}

std::size_t Output::count(std::string_view prefix) const {
  return static_cast<std::size_t>(
      std::count_if(lines_.begin(), lines_.end(), [&](const Line& line) {
        return std::string_view{line.text}.substr(line.message).starts_with(prefix);
      }));
}

std::vector<std::string> Output::messages() const {
  std::vector<std::string> messages;
  for (const auto& line : lines_) {
    messages.push_back(line.text.substr(line.message));
  }
  return messages;
}

std::string Output::transcript() const {
  constexpr std::size_t most = 400;  // Lines; a test that fails for a flood is to be readable.
  std::string text;
  const std::size_t first = lines_.size() > most ? lines_.size() - most : 0;
  if (first > 0) {
    text += "  ... " + std::to_string(first) + " lines\n";
  }
  for (std::size_t i = first; i < lines_.size(); ++i) {
    text += (lines_[i].consumed ? "  = " : "  | ") + lines_[i].text + "\n";
  }
  return text + (partial_.empty() ? "" : "  ~ " + partial_ + "\n");
}

}  // namespace thane::testing
