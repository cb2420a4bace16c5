// A table of routes described in JSON, and what it says of paths.
//
//   build/release/tests/contract/routes_adapter < INPUT
//
// Input: {"mapper": {"minimization": bool, "controllers": [...]}, "ops": [...],
//         "cases": [{"method": M, "path": P}, ...]}
// An op is {"op": "connect", "args": [...], "kw": {...}}, the same with "resource" or "redirect",
// or
// {"op": "submapper", "kw": {...}, "ops": [...]}: the words of Python's Routes. Output: a list with
// one entry for each case, the match as an object, or null.
// A case {"generate": {arguments}} or, by name, {"generate": {...}, "name": N} asks for a URL
// instead.
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/submapper.hpp>
#include <vector>

namespace wsgi = thane::wsgi;
using Json = nlohmann::ordered_json;

namespace {

// A default as Python would write it.
wsgi::RouteArguments::Value value_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if (json.is_boolean()) return json.get<bool>() ? "True" : "False";
  return json.is_string() ? json.get<std::string>() : json.dump();
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? std::string{} : found->get<std::string>();
}

wsgi::Requirements requirements_of(const Json& kw) {
  wsgi::Requirements result;
  if (kw.contains("requirements")) kw.at("requirements").get_to(result);
  return result;
}

// Heat joins the methods of an action by commas, in one text.
std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream all{text};
  for (std::string word; std::getline(all, word, ',');) words.push_back(word);
  return words;
}

wsgi::RouteConditions conditions_of(const Json& kw) {
  wsgi::RouteConditions result;
  const auto found = kw.find("conditions");
  if (found == kw.end() || found->is_null() || !found->contains("method")) return result;
  const auto& methods = found->at("method");
  if (methods.is_string()) {
    result.methods = split_at_commas(methods.get<std::string>());
  } else {
    methods.get_to(result.methods);
    if (result.methods.empty()) result.methods = {"no method"};
  }
  return result;
}

// All that is no word of Routes is a default.
wsgi::RouteArguments defaults_of(const Json& kw, const std::vector<std::string>& words) {
  wsgi::RouteArguments result;
  for (const auto& [key, value] : kw.items()) {
    const bool is_word = key == "requirements" || key == "conditions" || key.starts_with('_') ||
                         std::find(words.begin(), words.end(), key) != words.end();
    if (!is_word) result.set(key, value_of(value));
  }
  return result;
}

std::optional<bool> flag_at(const Json& kw, const char* key) {
  if (!kw.contains(key)) return std::nullopt;
  return kw.at(key).get<bool>();
}

wsgi::RouteOptions route_of(const Json& kw) {
  return {.defaults = defaults_of(kw, {}),
          .requirements = requirements_of(kw),
          .conditions = conditions_of(kw),
          .minimization = flag_at(kw, "_minimize"),
          .only_generates = flag_at(kw, "_static").value_or(false)};
}

wsgi::ResourceActions actions_at(const Json& kw, const char* key) {
  wsgi::ResourceActions result;
  if (!kw.contains(key)) return result;
  for (const auto& [action, method] : kw.at(key).items()) {
    result.emplace_back(action, method.get<std::string>());
  }
  return result;
}

std::optional<std::string> prefix_at(const Json& kw, const char* key) {
  if (!kw.contains(key) || kw.at(key).is_null()) return std::nullopt;
  return kw.at(key).get<std::string>();
}

wsgi::ResourceOptions resource_of(const Json& kw) {
  wsgi::ResourceOptions result{.controller = text_at(kw, "controller"),
                               .collection = actions_at(kw, "collection"),
                               .member = actions_at(kw, "member"),
                               .new_ = actions_at(kw, "new"),
                               .path_prefix = prefix_at(kw, "path_prefix"),
                               .name_prefix = prefix_at(kw, "name_prefix"),
                               .requirements = requirements_of(kw)};
  const auto parent = kw.find("parent_resource");
  if (parent != kw.end() && !parent->is_null()) {
    result.parent_resource = {text_at(*parent, "member_name"), text_at(*parent, "collection_name")};
  }
  return result;
}

wsgi::SubmapperOptions submapper_of(const Json& kw) {
  wsgi::SubmapperOptions result{
      .path_prefix = text_at(kw, "path_prefix"),
      .name_prefix = text_at(kw, "name_prefix"),
      .defaults = defaults_of(kw, {"path_prefix", "name_prefix", "collection_name", "resource_name",
                                   "actions", "formatted"}),
      .requirements = requirements_of(kw),
      .conditions = conditions_of(kw),
      .collection_name = text_at(kw, "collection_name"),
      .resource_name = text_at(kw, "resource_name"),
      .formatted = flag_at(kw, "formatted"),
      .minimization = flag_at(kw, "_minimize")};
  if (result.resource_name.empty()) result.resource_name = text_at(kw, "controller");
  if (kw.contains("actions")) kw.at("actions").get_to(result.actions);
  return result;
}

template <class Connector>
void connect(Connector& connector, const Json& args, const wsgi::RouteOptions& options) {
  if (args.size() == 1 || args.at(0).is_null()) {
    connector.connect(args.back().get<std::string>(), options);
  } else {
    connector.connect(args.at(0).get<std::string>(), args.at(1).get<std::string>(), options);
  }
}

template <class Connector>
void run(wsgi::Mapper& mapper, Connector& connector, const Json& ops) {
  const Json none = Json::object();
  for (const auto& op : ops) {
    const auto verb = op.at("op").get<std::string>();
    const auto& kw = op.contains("kw") ? op.at("kw") : none;
    if (verb == "connect") {
      connect(connector, op.at("args"), route_of(kw));
    } else if (verb == "resource") {
      mapper.resource(op.at("args").at(0).get<std::string>(),
                      op.at("args").at(1).get<std::string>(), resource_of(kw));
    } else if (verb == "redirect") {
      const auto code = text_at(kw, "_redirect_code");
      mapper.redirect(op.at("args").at(0).get<std::string>(),
                      op.at("args").at(1).get<std::string>(), route_of(kw),
                      code.empty() ? 302 : std::stoi(code));
    } else if (verb == "submapper") {
      auto inner = connector.submapper(submapper_of(kw));
      run(mapper, inner, op.at("ops"));
    } else {
      throw std::invalid_argument("there is no op \"" + verb + "\"");
    }
  }
}

Json answer_of(const wsgi::Mapper& mapper, const Json& test) {
  if (test.contains("generate")) {
    const auto arguments = defaults_of(test.at("generate"), {});
    const auto url = test.contains("name")
                         ? mapper.generate(test.at("name").get<std::string>(), arguments)
                         : mapper.generate(arguments);
    return url ? Json(*url) : Json(nullptr);
  }
  const auto match = mapper.match(test.at("path").get<std::string>(), text_at(test, "method"));
  if (!match) return nullptr;
  Json result = Json::object();
  for (const auto& [name, value] : match->arguments) {
    result[name] = value ? Json(*value) : Json(nullptr);
  }
  return result;
}

}  // namespace

int main() {
  try {
    const auto input = Json::parse(std::cin);
    wsgi::MapperOptions options;
    const auto settings = input.value("mapper", Json::object());
    options.minimization = settings.value("minimization", false);
    options.controllers = settings.value("controllers", std::vector<std::string>{});
    wsgi::Mapper mapper{options};
    run(mapper, mapper, input.at("ops"));
    Json output = Json::array();
    for (const auto& test : input.at("cases")) output.push_back(answer_of(mapper, test));
    std::cout << output.dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "routes_adapter: %s\n", error.what());
    return 1;
  }
}
