// YAML as a tree, read by libyaml, which is loaded for it.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::rpc::internal {

/// What is wrong with a text, and where: lines are counted from 1.
class yaml_error : public std::runtime_error {
 public:
  yaml_error(const std::string& what, std::size_t line) : std::runtime_error(what), line_(line) {}
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

 private:
  std::size_t line_;
};

struct YamlNode {
  enum class Kind { null, text, list, map };
  Kind kind = Kind::null;
  std::size_t line = 1;
  std::string text{};  ///< Numbers and truths are no more than their text.
  std::vector<YamlNode> items{};
  std::vector<std::pair<std::string, YamlNode>> members{};  ///< In the order of the text.
};

/// The one document in it. Aliases are replaced by what they mean, `<<` by what it merges. Throws
/// yaml_error, also for a key that comes twice, one that is no text, and what is deeper or larger
/// than any file that a human has written; library_error.
[[nodiscard]] YamlNode parse_yaml(std::string_view text);

}  // namespace thane::rpc::internal
