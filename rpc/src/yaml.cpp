#include "yaml.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "loaded_library.hpp"

namespace thane::rpc::internal {

namespace {

// An alias may stand for what it is part of, or for what doubles with each line.
constexpr int deepest = 32;
constexpr std::size_t most_nodes = 100'000;

struct LibYaml {
  LoadedLibrary library{"libyaml-0.so.2", "libyaml-0-2"};
  decltype(&yaml_parser_initialize) initialize =
      library.get<decltype(yaml_parser_initialize)>("yaml_parser_initialize");
  decltype(&yaml_parser_set_input_string) set_input =
      library.get<decltype(yaml_parser_set_input_string)>("yaml_parser_set_input_string");
  decltype(&yaml_parser_load) load = library.get<decltype(yaml_parser_load)>("yaml_parser_load");
  decltype(&yaml_parser_delete) delete_parser =
      library.get<decltype(yaml_parser_delete)>("yaml_parser_delete");
  decltype(&yaml_document_get_root_node) root_of =
      library.get<decltype(yaml_document_get_root_node)>("yaml_document_get_root_node");
  decltype(&yaml_document_get_node) node_of =
      library.get<decltype(yaml_document_get_node)>("yaml_document_get_node");
  decltype(&yaml_document_delete) delete_document =
      library.get<decltype(yaml_document_delete)>("yaml_document_delete");
};

const LibYaml& libyaml() {
  static const LibYaml the_library;
  return the_library;
}

std::size_t line_of(const yaml_mark_t& mark) noexcept {
  return mark.line + 1;
}

class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (libyaml().initialize(&parser_) == 0) throw std::bad_alloc();
    libyaml().set_input(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() { libyaml().delete_parser(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  void load(yaml_document_t& document) {
    if (libyaml().load(&parser_, &document) != 0) return;
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    const std::string problem = parser_.problem != nullptr ? parser_.problem : "no YAML";
    const std::string context = parser_.context != nullptr ? parser_.context : "";
    throw yaml_error(context.empty() ? problem : context + ": " + problem,
                     line_of(parser_.problem_mark));
  }

 private:
  yaml_parser_t parser_{};
};

class Document {
 public:
  explicit Document(Parser& parser) { parser.load(document_); }
  ~Document() { libyaml().delete_document(&document_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Null: there is none any more.
  [[nodiscard]] const yaml_node_t* root() { return libyaml().root_of(&document_); }
  [[nodiscard]] YamlNode tree(const yaml_node_t& node, int depth = 0);

 private:
  [[nodiscard]] const yaml_node_t& node(int index) { return *libyaml().node_of(&document_, index); }
  void read_members(const yaml_node_t& node, int depth, YamlNode& into);

  yaml_document_t document_{};
  std::size_t nodes_ = 0;
};

std::string text_of(const yaml_node_t& node) {
  const auto& scalar = node.data.scalar;
  return {reinterpret_cast<const char*>(scalar.value), scalar.length};
}

bool is_plain(const yaml_node_t& node) noexcept {
  return node.type == YAML_SCALAR_NODE && node.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool is_null(const yaml_node_t& node) {
  const std::string text = text_of(node);
  return is_plain(node) &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

bool has(const YamlNode& map, const std::string& key) {
  return std::ranges::any_of(map.members, [&](const auto& member) { return member.first == key; });
}

YamlNode Document::tree(const yaml_node_t& node, int depth) {
  YamlNode made{.line = line_of(node.start_mark)};
  if (depth > deepest || ++nodes_ > most_nodes) {
    throw yaml_error("this is too deep, too much, or part of itself", made.line);
  }
  switch (node.type) {
    case YAML_SCALAR_NODE:
      made.kind = is_null(node) ? YamlNode::Kind::null : YamlNode::Kind::text;
      made.text = text_of(node);
      break;
    case YAML_SEQUENCE_NODE:
      made.kind = YamlNode::Kind::list;
      for (const auto* item = node.data.sequence.items.start; item != node.data.sequence.items.top;
           ++item) {
        made.items.push_back(tree(this->node(*item), depth + 1));
      }
      break;
    case YAML_MAPPING_NODE:
      made.kind = YamlNode::Kind::map;
      read_members(node, depth, made);
      break;
    case YAML_NO_NODE:
      break;
  }
  return made;
}

// What is merged yields to what stands there, and among several to those before.
void Document::read_members(const yaml_node_t& node, int depth, YamlNode& into) {
  std::vector<YamlNode> merged;
  for (const auto* pair = node.data.mapping.pairs.start; pair != node.data.mapping.pairs.top;
       ++pair) {
    const yaml_node_t& key_node = this->node(pair->key);
    const std::size_t line = line_of(key_node.start_mark);
    if (key_node.type != YAML_SCALAR_NODE) throw yaml_error("a key that is no text", line);
    std::string key = text_of(key_node);
    YamlNode value = tree(this->node(pair->value), depth + 1);
    if (key == "<<" && is_plain(key_node)) {
      const bool many = value.kind == YamlNode::Kind::list;
      auto some = many ? std::move(value.items) : std::vector<YamlNode>{std::move(value)};
      std::ranges::move(some, std::back_inserter(merged));
      continue;
    }
    if (has(into, key)) throw yaml_error(fmt::format("\"{}\" stands here twice", key), line);
    into.members.emplace_back(std::move(key), std::move(value));
  }
  for (YamlNode& map : merged) {
    if (map.kind != YamlNode::Kind::map) throw yaml_error("<< merges maps alone", map.line);
    for (auto& member : map.members) {
      if (!has(into, member.first)) into.members.push_back(std::move(member));
    }
  }
}

}  // namespace

YamlNode parse_yaml(std::string_view text) {
  Parser parser{text};
  Document document{parser};
  const yaml_node_t* const root = document.root();
  if (root == nullptr) return {};
  YamlNode tree = document.tree(*root);
  Document next{parser};
  if (const yaml_node_t* const second = next.root(); second != nullptr) {
    throw yaml_error("a second document begins here", line_of(second->start_mark));
  }
  return tree;
}

}  // namespace thane::rpc::internal
