#include "routing/route_regex.hpp"

#include "routing/regex.hpp"

namespace thane::wsgi::internal {

namespace {

bool ends_in_done_character(std::string_view text) {
  return !text.empty() && done_characters.find(text.back()) != std::string_view::npos;
}

std::string group(const std::string& expression) {
  return "(" + expression + ")";
}

std::string optional_after_dot(const std::string& expression) {
  return "(?:\\." + expression + ")?\?";
}

// Route.buildnextreg of Routes, from the last part to the first instead of by recursion.
class Minimizer {
 public:
  explicit Minimizer(const RouteText& route) : route_(route) {
    // Routes means the part before the one it looks at, but what it reads is what the innermost
    // call has left: the last part but one, for all of them.
    if (route.parts.size() >= 2) prior_ = &route.parts[route.parts.size() - 2];
  }

  std::string build() {
    for (auto part = route_.parts.rbegin(); part != route_.parts.rend(); ++part) {
      if (part->kind == Part::Kind::rest) {
        add_rest(*part);
      } else if (!part->is_text()) {
        add_variable(*part);
      } else {
        add_text(part->text);
      }
    }
    return rest_;
  }

 private:
  [[nodiscard]] bool prior_is(std::string_view characters) const {
    return prior_ != nullptr && prior_->is_text() && prior_->text.size() == 1 &&
           characters.find(prior_->text) != std::string_view::npos;
  }

  // What ends a variable of which nothing is said: what follows it in the pattern.
  [[nodiscard]] std::string excluded() const {
    std::string result{done_characters};
    if (rest_.size() > 1 && rest_[0] == '\\') result = std::string{rest_[1]} + "/";
    return regex_escape(result);
  }

  [[nodiscard]] std::string expression_for(const Part& part) const {
    const bool dotted = part.kind == Part::Kind::dotted;
    const auto requirement = route_.requirements.find(part.text);
    if (requirement != route_.requirements.end()) {
      const auto result = group(requirement->second);
      return dotted ? optional_after_dot(result) : result;
    }
    if (part.text == "controller") return group(regex_of_words(route_.controllers));
    if (prior_is("/#")) return group("[^" + prior_->text + "]+?");
    if (!rest_.empty()) return group("[^" + excluded() + "]+?");
    return dotted ? optional_after_dot(group("[^/.]+?")) : group("[^/]+?");
  }

  void add_variable(const Part& part) {
    const auto expression = expression_for(part);
    const bool required = route_.requirements.contains(part.text);
    const bool has_default = route_.defaults.contains(part.text);
    if (required) free_ = false;
    if (!has_default) free_ = blank_ = false;
    if (free_) {  // Only with a default and without a requirement.
      rest_ = prior_is(",;.") ? expression + rest_ : expression + "?" + rest_;
    } else if (blank_ && has_default) {
      rest_ = "(?:" + expression + rest_ + ")?";
    } else {
      rest_ = expression + rest_;
    }
  }

  void add_rest(const Part& part) {
    rest_ = group(".*") + rest_;
    if (!route_.defaults.contains(part.text)) free_ = blank_ = false;
  }

  void add_text(const std::string& text) {
    if (!ends_in_done_character(text)) {
      free_ = blank_ = false;
      rest_ = regex_escape(text) + rest_;
    } else if (blank_) {
      const auto last = text.size() - 1;
      rest_ = regex_escape(text.substr(0, last)) + "(?:" + regex_escape(text.substr(last)) + rest_ +
              ")?";
    } else {
      rest_ = (text == "/" ? "\\/" : regex_escape(text)) + rest_;
    }
  }

  const RouteText& route_;
  const Part* prior_ = nullptr;
  std::string rest_;
  bool free_ = true;   // Routes' noreqs: nothing behind here has to be there.
  bool blank_ = true;  // Routes' allblank: all behind here may be missing.
};

}  // namespace

std::string requirement_of(const RouteText& route, const Part& part) {
  const auto requirement = route.requirements.find(part.text);
  return requirement == route.requirements.end() ? std::string{} : requirement->second;
}

std::string full_regex(const RouteText& route) {
  std::string result;
  for (const auto& part : route.parts) {
    if (part.is_text()) {
      result += regex_escape(part.text);
      continue;
    }
    auto expression = requirement_of(route, part);
    if (part.text == "controller") {
      expression = regex_of_words(route.controllers);
    } else if (expression.empty()) {
      expression = part.kind == Part::Kind::variable ? "[^/]+?"
                   : part.kind == Part::Kind::dotted ? "[^/.]+?"
                                                     : ".+?";
    }
    const bool dotted = part.kind == Part::Kind::dotted;
    result += dotted ? optional_after_dot(group(expression)) : group(expression);
  }
  return result;
}

std::string minimized_regex(const RouteText& route) {
  auto result = Minimizer{route}.build();
  if (result.empty()) result = "/";
  result += "/?";
  return result.starts_with('/') ? result : "/" + result;
}

}  // namespace thane::wsgi::internal
