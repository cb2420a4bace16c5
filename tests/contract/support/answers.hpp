// Answers of a WSGI application, in few words.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/wsgi/wsgi_application.hpp>

namespace contract {

using Headers = thane::wsgi::StartResponse::Headers;

inline const Headers text{{"Content-Type", "text/plain"}};

inline Headers text_and(std::string name, std::string value) {
  Headers headers = text;
  headers.emplace_back(std::move(name), std::move(value));
  return headers;
}

inline double query_number(const thane::wsgi::Environ& request, std::string_view name,
                           double otherwise) {
  const std::string query = "&" + std::string{request.get("QUERY_STRING")};
  const auto at = query.find("&" + std::string{name} + "=");
  return at == std::string::npos ? otherwise : std::stod(query.substr(at + name.size() + 2));
}

inline thane::wsgi::Body json(const thane::wsgi::StartResponse& start_response,
                              const nlohmann::ordered_json& value) {
  std::string all = value.dump();
  start_response("200 OK", {{"Content-Type", "application/json"},
                            {"Content-Length", std::to_string(all.size())}});
  return thane::wsgi::piece(std::move(all));
}

// An application that says this, and returns that.
inline thane::wsgi::WsgiApplication fixed(std::string status_line, Headers headers,
                                          std::vector<std::string> body) {
  return [=](thane::wsgi::Environ&, const thane::wsgi::StartResponse& start_response) {
    start_response(status_line, headers);
    return thane::wsgi::pieces(body);
  };
}

inline thane::wsgi::WsgiApplication returning(std::function<thane::wsgi::Body()> body) {
  return [body = std::move(body)](thane::wsgi::Environ&,
                                  const thane::wsgi::StartResponse& start_response) {
    start_response("200 OK", text);
    return body();
  };
}

}  // namespace contract
