#include "routing/route.hpp"

#include <algorithm>

#include "routing/route_regex.hpp"

namespace thane::wsgi::internal {

namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

Run default_run(Part::Kind kind) {
  Run run;
  run.octets = all_but(kind == Part::Kind::variable ? "/"
                       : kind == Part::Kind::dotted ? "/."
                                                    : "\n");
  return run;
}

}  // namespace

Route::Route(std::string_view route_name, std::string_view route_pattern,
             const RouteOptions& route_options, const MapperOptions& mapper)
    : name(route_name),
      pattern(route_pattern),
      options(route_options),
      minimized(!options.only_generates && options.minimization.value_or(mapper.minimization)),
      requirements(options.requirements) {
  if (minimized && pattern.starts_with('/')) pattern.erase(0, 1);
  auto parsed =
      parse_pattern(pattern, options.only_generates ? PatternSyntax::braces : PatternSyntax::full);
  parts = std::move(parsed.parts);
  for (auto& [key, expression] : parsed.requirements) requirements[key] = std::move(expression);
  requirements.insert(mapper.requirements.begin(), mapper.requirements.end());
  set_defaults(mapper);
  set_keys();
  if (!options.only_generates) compile(mapper);
}

void Route::set_defaults(const MapperOptions& mapper) {
  if (!options.controller.empty()) defaults.set("controller", options.controller);
  if (!options.action.empty()) defaults.set("action", options.action);
  for (const auto& [key, value] : options.defaults) defaults.set(key, value);
  if (mapper.explicit_arguments) return;
  if (variable("controller") == nullptr && !defaults.contains("controller")) {
    defaults.set("controller", "content");
  }
  if (!defaults.contains("action")) defaults.set("action", "index");
  if (variable("id") != nullptr && !defaults.contains("id")) defaults.set("id", std::nullopt);
}

void Route::set_keys() {
  for (const auto& part : parts) {
    if (part.is_text()) continue;
    all_keys.insert(part.text);
    if (part.kind == Part::Kind::dotted) dotted_keys.insert(part.text);
  }
  if (!minimized) {
    least_keys = all_keys;
  } else {
    // From the end on, what has a default may be missing until something may not.
    bool gap = false;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (part->is_text()) {
        gap = gap || part->text.size() != 1 ||
              done_characters.find(part->text[0]) == done_characters.npos;
      } else if (gap || !defaults.contains(part->text)) {
        least_keys.insert(part->text);
        gap = true;
      }
    }
  }
  for (const auto& argument : defaults) all_keys.insert(argument.first);

  for (const auto& part : parts) {
    if (!part.is_text()) break;
    prefix += part.text;
  }
  if (minimized && !prefix.starts_with('/')) prefix.insert(prefix.begin(), '/');
  prefix.erase(prefix.find_last_not_of('/') + 1);
}

void Route::compile(const MapperOptions& mapper) {
  if (variable("controller") != nullptr) controllers_ = mapper.controllers;
  const RouteText text{parts, requirements, defaults, controllers_};
  for (const auto& [key, expression] : requirements) {
    requirement_regexes_.emplace(key, Regex{expression});
  }
  PathMatcher matcher;
  bool plain = !minimized;
  for (const auto& part : parts) {
    if (part.is_text()) {
      matcher.add_text(part.text);
      continue;
    }
    groups_.push_back({groups_.size(), part.text});
    const auto presence = part.kind == Part::Kind::dotted
                              ? PathMatcher::Presence::optional_after_dot
                              : PathMatcher::Presence::required;
    const auto expression = requirement_of(text, part);
    if (part.text == "controller") {
      matcher.add_words(controllers_.empty() ? std::vector<std::string>{""} : controllers_,
                        presence);
    } else if (expression.empty()) {
      matcher.add_run(default_run(part.kind), presence);
    } else if (auto words = words_of(expression)) {
      matcher.add_words(*std::move(words), presence);
    } else if (auto run = run_of(expression)) {
      matcher.add_run(*std::move(run), presence);
      matcher_is_for_ascii_ = true;
    } else {
      plain = false;
    }
  }
  if (!plain || matcher_is_for_ascii_) {
    compile_regex(minimized ? minimized_regex(text) : full_regex(text));
  }
  if (plain) matcher_ = std::move(matcher);
}

// The groups of an expression are those of the variables, and behind each those of its requirement.
void Route::compile_regex(const std::string& expression) {
  regex_.emplace(expression);
  std::size_t number = 0;
  for (auto& group : groups_) {
    group.number = number++;
    const bool ignored =
        minimized ? variable(group.name)->kind == Part::Kind::rest : group.name == "controller";
    const auto own = requirement_regexes_.find(group.name);
    if (!ignored && own != requirement_regexes_.end()) number += own->second.groups();
  }
  for (const auto& [group, group_name] : regex_->names()) {
    groups_.push_back({group - 1, group_name});
  }
  std::ranges::sort(groups_, {}, &Group::number);
}

bool Route::allows(std::string_view method) const {
  const auto& methods = options.conditions.methods;
  return method.empty() || methods.empty() || std::ranges::find(methods, method) != methods.end();
}

std::optional<RouteArguments> Route::match(std::string_view path) const {
  std::vector<Capture> captures;
  const bool plain = matcher_ && (!matcher_is_for_ascii_ || is_ascii(path));
  if (plain ? !matcher_->match(path, captures) : !regex_->match(path, captures)) {
    return std::nullopt;
  }
  RouteArguments arguments;
  arguments.reserve(groups_.size() + defaults.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const auto capture = captures[plain ? i : groups_[i].number];
    RouteArguments::Value value;
    if (capture.data() != nullptr) value.emplace(capture);
    if (!value || value->empty()) {
      const auto* instead = defaults.find(groups_[i].name);
      if (instead != nullptr && *instead && !(*instead)->empty()) value = *instead;
    }
    arguments.add(groups_[i].name, std::move(value));
  }
  for (const auto& [key, value] : defaults) {
    if (variable(key) == nullptr) arguments.add(key, value);
  }
  return arguments;
}

Outline Route::outline() const {
  Outline result;
  if (minimized) {
    std::string_view rest = prefix;
    for (auto slash = rest.find('/'); slash != rest.npos; slash = rest.find('/')) {
      result.segments.push_back({std::string{rest.substr(0, slash)}, true});
      rest.remove_prefix(slash + 1);
    }
    result.segments.push_back({std::string{rest}, false});
    result.open = true;
    return result;
  }
  SegmentOutline segment{{}, true};
  for (const auto& part : parts) {
    if (!part.is_text()) {
      segment.whole = false;
      if (holds_slash(part)) {
        result.open = true;
        break;
      }
      continue;
    }
    for (const char c : part.text) {
      if (c == '/') {
        result.segments.push_back(std::exchange(segment, {{}, true}));
      } else if (segment.whole) {
        segment.text += c;
      }
    }
  }
  result.segments.push_back(std::move(segment));
  return result;
}

bool Route::holds_slash(const Part& part) const {
  if (part.text == "controller") {
    return std::ranges::any_of(controllers_,
                               [](const std::string& word) { return word.find('/') != word.npos; });
  }
  const auto requirement = requirements.find(part.text);
  if (requirement == requirements.end() || requirement->second.empty()) {
    return part.kind == Part::Kind::rest;
  }
  return may_hold_slash(requirement->second);
}

const Part* Route::variable(std::string_view key) const {
  const auto found = std::ranges::find_if(
      parts, [key](const Part& part) { return !part.is_text() && part.text == key; });
  return found == parts.end() ? nullptr : &*found;
}

bool Route::meets(std::string_view key, std::string_view value) const {
  const auto regex = requirement_regexes_.find(key);
  std::vector<Capture> captures;
  return regex == requirement_regexes_.end() || regex->second.match(value, captures);
}

}  // namespace thane::wsgi::internal
