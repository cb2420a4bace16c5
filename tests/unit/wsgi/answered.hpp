// What an application answers to a request made of its text, body included.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/wsgi/application.hpp>

#include "made_request.hpp"

namespace thane::testing {

struct Answered {
  wsgi::Response response;
  std::string body;  ///< All pieces of a stream, one after the other.

  /// A field's value; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string{response.header(name).value_or("")};
  }
  [[nodiscard]] int status() const { return response.status(); }
};

/// All of a body.
inline std::string whole_body(const wsgi::Response& response) {
  if (!response.body_stream()) return response.body();
  std::string body;
  const auto stream = response.body_stream();
  while (const auto piece = stream()) body += *piece;
  return body;
}

/// Calls it on a fiber, and reads the body to its end.
inline Answered answer_of(const std::function<wsgi::Response(wsgi::Request&)>& application,
                          std::string_view method, std::string_view target,
                          std::string_view fields = "") {
  std::optional<Answered> answered;
  FiberLoop loop;
  loop.run([&] {
    MadeRequest request{method, target, fields};
    auto response = application(*request);
    auto body = whole_body(response);
    answered.emplace(Answered{std::move(response), std::move(body)});
  });
  return *std::move(answered);
}

}  // namespace thane::testing
