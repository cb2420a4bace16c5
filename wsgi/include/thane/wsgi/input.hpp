// The body of a request as a file that is read: wsgi.input of PEP 3333.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi {

/// wsgi.input: the body of the request. At its end, and for a request without one, all calls return
/// at once and empty-handed. They block the fiber, and throw request_error as Request::read_some().
class Input {
 public:
  /// `more` gives the next octets, valid until it is called again; none at the end.
  explicit Input(std::function<std::string_view()> more) : more_(std::move(more)) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// `size` octets, fewer at the end of the body; without a size all that is left.
  [[nodiscard]] std::string read(std::optional<std::size_t> size = std::nullopt);
  /// Up to the next line feed, that included, or to the end; no more than `limit` octets.
  [[nodiscard]] std::string readline(std::optional<std::size_t> limit = std::nullopt);
  /// All lines that are left; with a `hint` no more once they have so many octets together.
  [[nodiscard]] std::vector<std::string> readlines(std::optional<std::size_t> hint = std::nullopt);

  /// The lines that are left, each read when it is its turn:
  ///
  ///     for (const std::string& line : environ.input()) { take(line); }
  class LineIterator {
   public:
    explicit LineIterator(Input& input) : input_(&input), line_(input.readline()) {}
    const std::string& operator*() const noexcept { return line_; }
    void operator++() { line_ = input_->readline(); }
    bool operator==(std::default_sentinel_t) const noexcept { return line_.empty(); }

   private:
    Input* input_;
    std::string line_;
  };
  [[nodiscard]] LineIterator begin() { return LineIterator{*this}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  // Appends what is left, up to and including `end`, and no more than `limit`; false at the end.
  bool take(std::string& to, std::size_t limit, std::optional<char> end);

  std::function<std::string_view()> more_;
  std::string_view rest_;  // What more_ gave and nobody has taken.
  bool ended_ = false;
};

}  // namespace thane::wsgi
