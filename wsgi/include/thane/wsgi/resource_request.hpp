// What a method of a Controller is given: the request, its place in the collection, its JSON.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include <thane/wsgi/request.hpp>

namespace thane::wsgi {

/// Lives as long as the call. The body was read, and parsed if it is JSON, before the method was
/// called.
///
///     volumes.create([store](wsgi::ResourceRequest& request) -> wsgi::ResourceResponse {
///       const nlohmann::json& wanted = request.entity("volume");
///       return nlohmann::json{{"volume", store->add(wanted.at("size").get<int>())}};
///     });
class ResourceRequest {
 public:
  /// `body`: the JSON that was sent; null if there was none.
  ResourceRequest(Request& request, std::string action, std::unique_ptr<nlohmann::json> body);
  ~ResourceRequest();
  ResourceRequest(const ResourceRequest&) = delete;
  ResourceRequest& operator=(const ResourceRequest&) = delete;

  /// Headers, query, attributes that filters have left.
  [[nodiscard]] Request& http() const noexcept { return request_; }

  /// What the route found in the path: "id", "project_id", "server_id" of a parent. Throws
  /// std::out_of_range for a name that it does not have.
  [[nodiscard]] const std::string& argument(std::string_view name) const;
  [[nodiscard]] const std::string& id() const { return argument("id"); }
  /// "show", or the name of the action that was posted: "os-extend".
  [[nodiscard]] const std::string& action() const noexcept { return action_; }

  [[nodiscard]] bool has_body() const noexcept { return body_ != nullptr; }
  /// The JSON that was sent. Throws fault 400 if there was none, or none that says it is JSON.
  [[nodiscard]] const nlohmann::json& body() const;
  /// The object below its one name: {"volume": {...}}. Throws fault 400 "Missing required element
  /// 'volume' in request body." if it is not there, or is no object.
  [[nodiscard]] const nlohmann::json& entity(std::string_view name) const;
  /// What was posted with an action: the value of {"os-extend": ...}; may be null. Throws as
  /// body().
  [[nodiscard]] const nlohmann::json& action_arguments() const;

 private:
  Request& request_;
  std::string action_;
  std::unique_ptr<nlohmann::json> body_;
};

}  // namespace thane::wsgi
