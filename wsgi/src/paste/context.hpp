// An object that a Paste file describes, looked up but not yet made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <thane/wsgi/registry.hpp>

#include "config_file.hpp"

namespace thane::wsgi::internal {

class Source;

/// As in Paste, several contexts may have the same settings in common: what a section that `use`s
/// another sets later is seen by all of them. Hence pointers.
using SharedSettings = std::shared_ptr<Settings>;

/// A section that is at work.
struct Frame {
  std::string file;
  std::string section;
};

struct Context {
  using Pointer = std::unique_ptr<Context>;

  struct Made {  ///< By a factory.
    std::string spec;
    Registry::Factory factory;
  };
  struct Pipeline {
    Pointer application;
    std::vector<Pointer> filters;  ///< The outermost first.
  };
  struct Filtered {  ///< [filter-app:], and what has a `filter-with`.
    Pointer filter;
    Pointer next;
    bool next_first = false;  ///< Which of the two is made first.
  };

  std::variant<Made, Pipeline, Filtered> what;
  SharedSettings global_conf;
  SharedSettings local_conf;
  std::shared_ptr<Source> source;  ///< That a composite asks; of the section named first.
  load_error::Where where = {};
  std::optional<Frame> frame = {};  ///< Of the section that it is the whole of.
};

}  // namespace thane::wsgi::internal
