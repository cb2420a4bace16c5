// What a method of a Controller returns: JSON, or a whole answer.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include <thane/wsgi/response.hpp>

namespace thane::wsgi {

/// Made of JSON, of a Response, or of nothing. JSON can still be changed by what extends the
/// method; a Response goes out as it is. Movable.
///
///     return nlohmann::json{{"volume", volume}};                 // the method's own status
///     return wsgi::ResourceResponse{body}.set_status(202).set_header("Location", where);
///     return wsgi::Response{204};
///     return {};                                                 // no body
class ResourceResponse {
 public:
  ResourceResponse() noexcept;
  // Implicit: a method returns what it has.
  ResourceResponse(nlohmann::json body);  // NOLINT(google-explicit-constructor)
  ResourceResponse(Response response);    // NOLINT(google-explicit-constructor)
  ResourceResponse(ResourceResponse&&) noexcept;
  ResourceResponse& operator=(ResourceResponse&&) noexcept;
  ~ResourceResponse();

  /// The JSON, to be changed; nullptr if there is none.
  [[nodiscard]] nlohmann::json* body() noexcept { return body_.get(); }

  /// In the place of the method's status. Throws as Response::set_status().
  ResourceResponse& set_status(int status) &;
  ResourceResponse&& set_status(int status) && { return std::move(set_status(status)); }
  /// Throws as Response::set_header().
  ResourceResponse& set_header(std::string_view name, std::string_view value) &;
  ResourceResponse&& set_header(std::string_view name, std::string_view value) && {
    return std::move(set_header(name, value));
  }

  /// The answer, with `status` unless another one was set. Strings that are not UTF-8 are sent with
  /// replacement characters.
  [[nodiscard]] Response serialize(int status) &&;

 private:
  std::unique_ptr<nlohmann::json> body_;
  Response response_;  // Status and headers; without a body if there is JSON.
  bool has_status_ = false;
};

}  // namespace thane::wsgi
