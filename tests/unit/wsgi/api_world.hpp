// Requests with JSON put to an application of an API, and what it says.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <thane/wsgi/application.hpp>

#include "made_request.hpp"

namespace thane::testing {

using Json = nlohmann::json;

struct ApiAnswer {
  int status = 0;
  Json body = {};  ///< Null for none.
  wsgi::Response response = wsgi::Response{};
};

/// `project`: what a filter has left as the project of who asks; empty: nothing.
inline ApiAnswer ask_api(const wsgi::Application& application, std::string_view method,
                         std::string_view target, const std::string& body = {},
                         std::string_view content_type = "application/json",
                         const std::string& project = {}) {
  std::string fields;
  if (!body.empty()) fields = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (!content_type.empty()) fields.append("Content-Type: ").append(content_type).append("\r\n");
  MadeRequest request{method, target, fields, body};
  if (!project.empty()) request->set_attribute("context.project_id", project);
  wsgi::Response response = application(*request);
  const std::string& text = response.body();
  return {response.status(), text.empty() ? Json{} : Json::parse(text), response};
}

/// The fault of that name, as it has to look.
inline Json fault_json(const std::string& name, int code, const std::string& message) {
  return {{name, {{"code", code}, {"message", message}}}};
}

}  // namespace thane::testing
