#include <thane/rpc/internal/typed_method.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include <thane/rpc/remote_error.hpp>

namespace thane::rpc::internal {

namespace {

using nlohmann::json;

Failure type_error(const std::string& message) {
  return {"builtins", "TypeError", message};
}

// 'a', 'b' and 'c': the words and commas of CPython.
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    const bool last = index + 1 == names.size();
    if (index > 0) text += last ? (names.size() == 2 ? " and " : ", and ") : ", ";
    text += "'" + names[index] + "'";
  }
  return text;
}

}  // namespace

void check_arguments(const std::string& method, const std::vector<ParameterInfo>& parameters,
                     const json& args) {
  for (const auto& [name, value] : args.get_ref<const json::object_t&>()) {
    const bool known = std::ranges::count(parameters, name, &ParameterInfo::name) > 0;
    if (!known) throw type_error(method + "() got an unexpected keyword argument '" + name + "'");
  }
  std::vector<std::string> missing;
  for (const ParameterInfo& parameter : parameters) {
    if (!parameter.optional && !args.contains(parameter.name)) missing.push_back(parameter.name);
  }
  if (!missing.empty()) {
    throw type_error(method + "() missing " + std::to_string(missing.size()) +
                     " required positional argument" + (missing.size() > 1 ? "s: " : ": ") +
                     listed(missing));
  }
}

json* find_argument(json& args, const std::string& name) {
  const auto found = args.find(name);
  return found == args.end() ? nullptr : &*found;
}

void refuse_argument(const std::string& method, const std::string& name,
                     const std::string& reason) {
  throw type_error(method + "() argument '" + name + "' is of the wrong type: " + reason);
}

bool is_integer(const json& value, long long least, unsigned long long most) {
  if (value.is_number_unsigned()) return value.get_ref<const json::number_unsigned_t&>() <= most;
  if (!value.is_number_integer()) return false;
  const auto number = value.get_ref<const json::number_integer_t&>();
  return number >= least && (number < 0 || static_cast<unsigned long long>(number) <= most);
}

bool is_number(const json& value) noexcept {
  return value.is_number();
}

bool is_boolean(const json& value) noexcept {
  return value.is_boolean();
}

}  // namespace thane::rpc::internal
