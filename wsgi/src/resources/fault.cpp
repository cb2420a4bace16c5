#include <thane/wsgi/fault.hpp>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "response_writer.hpp"

namespace thane::wsgi {

namespace {

struct Known {
  int status;
  std::string_view name;
  std::string_view message;  // WebOb's explanation.
};

constexpr std::array known{
    Known{400, "badRequest",
          "The server could not comply with the request since it is either malformed or otherwise "
          "incorrect."},
    Known{401, "unauthorized",
          "This server could not verify that you are authorized to access the document you "
          "requested."},
    Known{403, "forbidden", "Access was denied to this resource."},
    Known{404, "itemNotFound", "The resource could not be found."},
    Known{405, "badMethod", "The method is not allowed for this resource."},
    Known{409, "conflictingRequest", "There was a conflict when trying to complete your request."},
    Known{413, "overLimit", "The body of your request was too large for this server."},
    Known{415, "badMediaType", "The request media type is not supported by this server."},
    Known{429, "overLimit", "This request was rate-limited."},
    Known{501, "notImplemented", "The server does not implement this."},
    Known{503, "serviceUnavailable",
          "The server is currently unavailable. Please try again at a later time."},
};

const Known* find(int status) {
  const auto found = std::ranges::find(known, status, &Known::status);
  return found == known.end() ? nullptr : found;
}

std::string_view usual_message(int status) {
  if (const auto* fault = find(status)) return fault->message;
  if (status >= 500) {
    return "The server has either erred or is incapable of performing the requested operation.";
  }
  return internal::reason_phrase(status);
}

}  // namespace

std::string_view fault_name(int status) noexcept {
  const auto* fault = find(status);
  return fault == nullptr ? std::string_view{"computeFault"} : fault->name;
}

Response fault_response(int status, std::string_view message,
                        std::optional<std::chrono::seconds> retry_after) {
  nlohmann::json content{{"code", status},
                         {"message", message.empty() ? usual_message(status) : message}};
  const bool may_retry = (status == 413 || status == 429) && retry_after;
  const auto seconds = std::to_string(retry_after.value_or(std::chrono::seconds{0}).count());
  if (may_retry) content["retryAfter"] = seconds;
  // A message may repeat what a client has sent, which may be no text.
  Response response = Response::text(nlohmann::json{{fault_name(status), std::move(content)}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace));
  response.set_status(status).set_header("Content-Type", "application/json");
  if (may_retry) response.set_header("Retry-After", seconds);
  return response;
}

}  // namespace thane::wsgi
