// From a function with typed parameters to one that takes a JSON object of named arguments.
#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <thane/assert.hpp>
#include <thane/rpc/context.hpp>

namespace thane::rpc::internal {

/// The parameters behind the Context of whatever can be called.
template <class Function>
struct ParametersOf : ParametersOf<decltype(&Function::operator())> {};
template <class Result, class First, class... Rest>
struct ParametersOf<Result (*)(First, Rest...)> {
  using Values = std::tuple<std::decay_t<Rest>...>;
  static_assert(std::is_same_v<std::decay_t<First>, Context>, "a Context comes first");
};
template <class Class, class Result, class... All>
struct ParametersOf<Result (Class::*)(All...)> : ParametersOf<Result (*)(All...)> {};
template <class Class, class Result, class... All>
struct ParametersOf<Result (Class::*)(All...) const> : ParametersOf<Result (*)(All...)> {};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// One parameter as the check of names needs it.
struct ParameterInfo {
  std::string name;
  bool optional;
};

/// Throws Failure (TypeError) with Python's words for names that are missing or not known.
void check_arguments(const std::string& method, const std::vector<ParameterInfo>& parameters,
                     const nlohmann::json& args);
/// The argument, or null if there is none of that name.
[[nodiscard]] nlohmann::json* find_argument(nlohmann::json& args, const std::string& name);
/// Throws Failure (TypeError): the argument cannot be converted, for `reason`.
[[noreturn]] void refuse_argument(const std::string& method, const std::string& name,
                                  const std::string& reason);
/// Whether the JSON value is of the kind that T stands for: 1.5 is no int, nor true, nor "1".
[[nodiscard]] bool is_integer(const nlohmann::json& value, long long least,
                              unsigned long long most);
[[nodiscard]] bool is_number(const nlohmann::json& value) noexcept;
[[nodiscard]] bool is_boolean(const nlohmann::json& value) noexcept;

template <class T, class JsonType>
bool fits(const JsonType& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return is_boolean(value);
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    return is_integer(value, Limits::min(), Limits::max());
  } else if constexpr (std::is_floating_point_v<T>) {
    return is_number(value);
  } else {
    return true;  // get() says it.
  }
}

// JsonType is a parameter so that nlohmann::json may be incomplete here. It is not called Json, for
// users do call it so, and -Wshadow would tell them of us.
template <class T, class JsonType>
T take_argument(const std::string& method, const std::string& name, JsonType& args) {
  JsonType* const value = find_argument(args, name);
  if constexpr (is_optional<T>) {
    if (value == nullptr || value->is_null()) return std::nullopt;
    return take_argument<typename T::value_type>(method, name, args);
  } else if constexpr (std::is_same_v<T, JsonType>) {
    return std::move(*value);
  } else {
    if (!fits<T>(*value)) refuse_argument(method, name, value->type_name());
    try {
      if constexpr (std::is_same_v<T, std::string>) {
        if (value->is_string()) return std::move(value->template get_ref<std::string&>());
      }
      return value->template get<T>();
    } catch (const typename JsonType::exception& error) {
      refuse_argument(method, name, error.what());
    }
  }
}

template <class Function, std::size_t... Index>
auto typed_method(const std::string& method, std::vector<std::string> names, Function function,
                  std::index_sequence<Index...>) {
  using Values = typename ParametersOf<Function>::Values;
  THANE_ASSERT(names.size() == sizeof...(Index));  // One name for each parameter.
  const std::vector<ParameterInfo> parameters{
      {names[Index], is_optional<std::tuple_element_t<Index, Values>>}...};
  return [method, parameters, function = std::move(function)](const Context& context,
                                                              auto args) mutable {
    check_arguments(method, parameters, args);
    // In braces: evaluated from left to right.
    Values values{take_argument<std::tuple_element_t<Index, Values>>(method, parameters[Index].name,
                                                                     args)...};
    if constexpr (std::is_void_v<decltype(function(context, std::get<Index>(values)...))>) {
      function(context, std::move(std::get<Index>(values))...);
      return decltype(args){};
    } else {
      return decltype(args)(function(context, std::move(std::get<Index>(values))...));
    }
  };
}

template <class Function>
auto typed_method(const std::string& method, std::vector<std::string> names, Function function) {
  using Values = typename ParametersOf<Function>::Values;
  return typed_method(method, std::move(names), std::move(function),
                      std::make_index_sequence<std::tuple_size_v<Values>>{});
}

}  // namespace thane::rpc::internal
