// What a WSGI application is called with: the variables of PEP 3333, and the body as a file.
#pragma once

#include <any>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace thane::wsgi {

class Request;

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

/// wsgi.errors: lines for people.
class ErrorStream {
 public:
  /// Each line goes to the log, at level error; what has no end yet waits for it, or for flush().
  void write(std::string_view text);
  void flush();
  ~ErrorStream() { flush(); }
  ErrorStream() = default;
  ErrorStream(const ErrorStream&) = delete;
  ErrorStream& operator=(const ErrorStream&) = delete;

 private:
  std::string line_;
};

/// The environ of PEP 3333, in the order in which it was filled. Strings hold octets as the client
/// sent them: what Python shows as latin-1.
///
///     REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING CONTENT_TYPE CONTENT_LENGTH SERVER_NAME
///     SERVER_PORT SERVER_PROTOCOL REMOTE_ADDR HTTP_* wsgi.version wsgi.url_scheme wsgi.multithread
///     wsgi.multiprocess wsgi.run_once wsgi.input_terminated
///
/// and, behind basic_auth(), REMOTE_USER, AUTH_TYPE, HTTP_X_USER and HTTP_X_USER_NAME.
///
/// A field that comes several times is joined by commas. Fields whose names hold an underscore, and
/// Proxy, are left out: they would pass for others. Lives as long as the request is answered, body
/// included.
class Environ {
 public:
  using Value = std::variant<std::string, bool, std::array<int, 2>, std::any>;
  using Variables = std::vector<std::pair<std::string, Value>>;

  /// Of a request, which outlives it.
  explicit Environ(Request& request);
  Environ(const Environ&) = delete;
  Environ& operator=(const Environ&) = delete;

  /// The text of a variable; empty if there is none, or if it is no text.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Null if there is none.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;
  void set(std::string_view name, Value value);
  void set(std::string_view name, std::string text) { set(name, Value{std::move(text)}); }
  void erase(std::string_view name);

  [[nodiscard]] const Variables& all() const noexcept { return variables_; }
  [[nodiscard]] Input& input() noexcept { return input_; }
  [[nodiscard]] ErrorStream& errors() noexcept { return errors_; }

 private:
  void add_field(std::string_view name, std::string_view value);
  void add_user(const std::string& user);

  Variables variables_;
  Input input_;
  ErrorStream errors_;
};

}  // namespace thane::wsgi
