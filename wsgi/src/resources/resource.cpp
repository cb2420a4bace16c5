#include <thane/wsgi/resource.hpp>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include <thane/log.hpp>
#include <thane/wsgi/fault_error.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>

#include "characters.hpp"
#include "middleware/failure.hpp"

namespace thane::wsgi {

namespace {

using Json = nlohmann::json;

bool says_json(std::string_view content_type) {
  std::string type;
  for (const char c : internal::trim(content_type.substr(0, content_type.find(';')))) {
    type += internal::to_lower(c);
  }
  return type == "application/json" ||
         (type.starts_with("application/vnd.openstack.") && type.ends_with("+json"));
}

// Null: there is none that counts.
std::unique_ptr<Json> read_body(Request& request) {
  if (!request.has_body()) return nullptr;
  const std::string text = request.read_all();
  const auto content_type = request.header("Content-Type").value_or("");
  if (text.empty() || content_type.empty()) return nullptr;
  if (!says_json(content_type)) throw fault_error{415, "Unsupported Content-Type"};
  const auto shallow = [](int depth, Json::parse_event_t event, Json&) {  // The outermost is at 0.
    const bool opens =
        event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
    if (opens && depth >= Resource::max_json_depth) {
      throw fault_error{400, "Malformed request body"};
    }
    return true;
  };
  try {
    return std::make_unique<Json>(Json::parse(text, shallow));
  } catch (const Json::parse_error&) {
    throw fault_error{400, "Malformed request body"};
  }
}

std::string_view posted_action(const Json* body) {
  if (body == nullptr || !body->is_object() || body->size() != 1) {
    throw fault_error{400, "Malformed request body"};
  }
  return body->begin().key();
}

// An optional part of a path that is not there is none.
std::string_view argument(const Request& request, std::string_view name) {
  const auto* value = request.path_args().find(name);
  return value != nullptr && *value ? std::string_view{**value} : std::string_view{};
}

void check_project(const Request& request) {
  const auto in_path = argument(request, "project_id");
  const auto* own = request.attribute<std::string>("context.project_id");
  if (own != nullptr && !in_path.empty() && in_path != *own) {
    throw fault_error{400, "Malformed request url"};
  }
}

Response call(const Controller::Entry& entry, Request& request, std::string_view action,
              std::unique_ptr<Json> body) {
  ResourceRequest arguments{request, std::string{action}, std::move(body)};
  try {
    return entry.method(arguments).serialize(entry.status);
  } catch (const Json::exception& error) {
    if (!arguments.has_body()) throw;
    log::warning("{} {}: the body does not have what was asked of it: {}", request.method(),
                 request.target(), error.what());
    throw fault_error{400};
  }
}

}  // namespace

struct Resource::Table {
  Controller::Entries methods;
  Controller::Entries actions;
};

Resource::Resource(const Controller& controller)
    : table_(std::make_shared<const Table>(Table{controller.methods(), controller.actions()})) {}

Response Resource::operator()(Request& request) const try {
  auto action = argument(request, "action");
  auto body = read_body(request);
  auto found = table_->methods.find(action);
  if (found == table_->methods.end()) {
    if (action != "action" || table_->actions.empty()) throw fault_error{404};
    action = posted_action(body.get());
    found = table_->actions.find(action);
    if (found == table_->actions.end()) {
      throw fault_error{400, "There is no such action: " + std::string{action}};
    }
  }
  check_project(request);
  return call(found->second, request, action, std::move(body));
} catch (const fault_error& error) {
  return fault(internal::status_of(error), error.what(), error.retry_after());
} catch (const request_error& error) {
  return fault(internal::status_of(error), error.what());
}

}  // namespace thane::wsgi
