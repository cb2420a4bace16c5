// Applications in the form of PEP 3333: environ, start_response, write, iterable with close().
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/environ.hpp>

namespace thane::wsgi {

class FileBody;

/// Sends a piece of the body; returns when it was handed to the kernel.
using Write = std::function<void(std::string_view)>;

/// What an application calls before the first piece of its body is due.
///
///     start_response("200 OK", {{"Content-Type", "text/plain"}});
///
/// `status`: three digits, a space, a reason phrase that the client is shown. Throws
/// std::invalid_argument if a control character is in any of it, or the status is not one of 200 to
/// 599; std::logic_error if it is called again without `error`. With `error` what was said before
/// is replaced; if it was sent already, `error` is thrown.
class StartResponse {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  using Function = std::function<Write(std::string_view status, const Headers& headers,
                                       const std::exception_ptr& error)>;

  explicit StartResponse(Function function) : function_(std::move(function)) {}

  Write operator()(std::string_view status, const Headers& headers,
                   const std::exception_ptr& error = nullptr) const {
    return function_(status, headers, error);
  }

 private:
  Function function_;
};

/// The body that an application returns.
class Iterable {
 public:
  virtual ~Iterable() = default;
  Iterable(const Iterable&) = delete;
  Iterable& operator=(const Iterable&) = delete;

  /// The next piece; nullopt at the end. What was returned before has been sent.
  virtual std::optional<std::string> next() = 0;
  /// Called once, whatever happened: at the end, after an error, for HEAD, or when the client has
  /// gone. What it throws is logged.
  virtual void close() {}
  /// How many pieces there are, if that is known. One piece gets a Content-Length.
  [[nodiscard]] virtual std::optional<std::size_t> size() const { return std::nullopt; }
  /// The file that it is, which may be sent by the kernel then; nullptr if it is none.
  [[nodiscard]] virtual const FileBody* file() const { return nullptr; }

 protected:
  Iterable() = default;
};
using Body = std::unique_ptr<Iterable>;

/// A body of these pieces.
[[nodiscard]] Body pieces(std::vector<std::string> all);
[[nodiscard]] inline Body piece(std::string only) {
  std::vector<std::string> all;
  all.push_back(std::move(only));
  return pieces(std::move(all));
}
/// A body that `next` yields; `close` may be none.
[[nodiscard]] Body generate(std::function<std::optional<std::string>()> next,
                            std::function<void()> close = nullptr);

/// Called on a fiber of its own for each request, with the FiberLocals of the connection's. Its
/// body is asked for on the connection's fiber. An exception before the first piece is answered
/// with 500; a later one cuts the connection.
///
///     wsgi::WsgiApplication hello = [](wsgi::Environ&, const wsgi::StartResponse& start_response)
///     {
///       start_response("200 OK", {{"Content-Type", "text/plain"}});
///       return wsgi::piece("hello\n");
///     };
///     auto web = std::make_unique<wsgi::Server>(config, "web", wsgi::from_wsgi(hello));
using WsgiApplication = std::function<Body(Environ&, const StartResponse&)>;

/// Each form as the other. Both keep the body a stream.
[[nodiscard]] Application from_wsgi(WsgiApplication application);
[[nodiscard]] WsgiApplication to_wsgi(Application application);

}  // namespace thane::wsgi
