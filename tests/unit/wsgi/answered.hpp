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

using Answering = std::function<wsgi::Response(wsgi::Request&)>;

/// Calls it on a fiber, and reads the body to its end.
inline Answered answer_to(const Answering& application, MadeRequest& request) {
  std::optional<Answered> answered;
  FiberLoop loop;
  loop.run([&] {
    auto response = application(*request);
    auto body = whole_body(response);
    answered.emplace(Answered{std::move(response), std::move(body)});
  });
  return *std::move(answered);
}

inline Answered answer_of(const Answering& application, std::string_view method,
                          std::string_view target, std::string_view fields = "") {
  MadeRequest request{method, target, fields};
  return answer_to(application, request);
}

/// To a request of the client with that address.
inline Answered answer_from(const Answering& application, std::string_view peer) {
  MadeRequest request{"GET", "/", "", "", 7, peer};
  return answer_to(application, request);
}

}  // namespace thane::testing
