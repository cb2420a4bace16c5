#include "session.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <thane/internal/in_quotes.hpp>
#include <utility>

#include "../percent.hpp"
#include "config_source.hpp"
#include "factory_source.hpp"
#include "file_path.hpp"
#include "reference.hpp"
#include "unicode_text.hpp"

namespace thane::wsgi::internal {

namespace {

using thane::internal::in_quotes;
using Category = load_error::Category;

std::string_view kind_phrase(Registry::Kind kind) {
  switch (kind) {
    case Registry::Kind::app:
      return "app";
    case Registry::Kind::composite:
      return "composite";
    case Registry::Kind::filter:
      return "filter";
    case Registry::Kind::filter_app:
      return "filter_app";
    case Registry::Kind::server:
      return "server";
    case Registry::Kind::server_runner:
      return "server_runner";
  }
  return "";
}

std::string shown(const std::vector<Registry::Kind>& kinds) {
  std::string result;
  for (const auto kind : kinds) {
    result += fmt::format("{}{}", result.empty() ? "" : " or ", kind_phrase(kind));
  }
  return result;
}

std::string_view name_of(const std::string& section) {
  const std::size_t colon = section.find(':');
  return strip_space(std::string_view{section}.substr(colon == section.npos ? 0 : colon + 1));
}

// "main -> a -> main"; with the file's name where it is not the first one's.
std::string path_of(const std::vector<Frame>& frames, const Frame& last) {
  std::vector<std::string> names;
  const auto add = [&](const Frame& frame) {
    const std::string file = frame.file.substr(frame.file.rfind('/') + 1);
    const bool same = frame.file == (frames.empty() ? last : frames.front()).file;
    names.push_back((same ? "" : file + '#') + std::string{name_of(frame.section)});
  };
  std::ranges::for_each(frames, add);
  add(last);
  return fmt::format("{}", fmt::join(names, " -> "));
}

}  // namespace

Application Source::get_app(Wanted wanted) {
  wanted.role = Role::application;
  return make_app(session_, *look_up(wanted));
}

Filter Source::get_filter(Wanted wanted) {
  wanted.role = Role::filter;
  return make_filter(session_, *look_up(wanted));
}

ServiceMaker Source::get_server(Wanted wanted) {
  wanted.role = Role::server;
  return make_server(session_, *look_up(wanted));
}

Session::Step::Step(Session& session, const std::optional<Frame>& frame, const Asker& asker)
    : session_(session), framed_(frame.has_value()) {
  const auto fail = [&](const std::string& what) {
    throw load_error(Category::loop, asker.where, prefix_of(asker.where) + what + asker.text);
  };
  if (frame) {
    const auto at_work = [&](const Frame& other) {
      return other.file == frame->file && other.section == frame->section;
    };
    if (std::ranges::any_of(session.frames_, at_work)) {
      fail(fmt::format("the sections form a loop, {}; one of them has to name another section",
                       path_of(session.frames_, *frame)));
    }
  }
  if (session.depth_ >= deepest) {
    fail(fmt::format("more than {} sections lead to one another; is that a loop?", deepest));
  }
  if (session.steps_ >= session.most_objects_) {
    fail(fmt::format("more than {} objects; do sections name one another again and again?",
                     session.most_objects_));
  }
  ++session.depth_;
  ++session.steps_;
  if (frame) {
    session.frames_.push_back(*frame);
  }
}

Session::Step::~Step() {
  --session_.depth_;
  if (framed_) {
    session_.frames_.pop_back();
  }
}

Context::Made Session::factory(const std::string& spec, const std::vector<Registry::Kind>& kinds,
                               Several several, const load_error::Where& where) const {
  std::optional<Registry::Factory> found;
  for (const auto kind : kinds) {
    auto registered = registry_.find(spec, kind);
    if (registered && found && several == Several::refused) {
      throw load_error(Category::lookup, where,
                       fmt::format("{}Ambiguous entry points for {}: the program has factories of "
                                   "kind {} by that name; rename one",
                                   prefix_of(where), in_quotes(spec), shown(kinds)));
    }
    if (!found) {
      found = std::move(registered);
    }
  }
  if (!found) {
    found = registry_.resolve(spec, kinds.front());
  }
  const auto is_kind = [&](Registry::Kind kind) {
    return found->index() == static_cast<std::size_t>(kind);
  };
  if (found && std::ranges::any_of(kinds, is_kind)) {
    return {spec, std::move(*found)};
  }
  const auto registered_as = registry_.kinds_of(spec);
  const auto close = registry_.closest(spec);
  const std::string advice =
      !registered_as.empty() ? fmt::format("it has one of kind {}", shown(registered_as))
      : close.empty()        ? std::string{"it has registered none at all"}
                             : fmt::format("closest to it are {}", fmt::join(close, ", "));
  throw load_error(
      Category::lookup, where,
      fmt::format("{}the program has no factory {} of kind {}{}; {}", prefix_of(where),
                  in_quotes(spec), shown(kinds),
                  where.section.empty() ? "" : ", for [" + where.section + "]", advice));
}

Context::Pointer Session::look_up(const std::string& uri, const std::string& relative_to,
                                  Wanted wanted) {
  const Reference reference = parse_reference(uri);
  const auto fail = [&](const std::string& what) {
    throw load_error(Category::lookup, wanted.asker.where,
                     prefix_of(wanted.asker.where) + what + wanted.asker.text);
  };
  if (!wanted.name) {
    wanted.name = reference.name.value_or("main");
  }
  if (reference.scheme == "config") {
    return look_up_config(uri, reference.path, Scheme::config, relative_to, wanted);
  }
  if (reference.scheme == "config_dir") {
    return look_up_config(uri, reference.path, Scheme::config_dir, relative_to, wanted);
  }
  if (reference.scheme == "egg") {
    return std::make_shared<EggSource>(*this, reference.path)->look_up(wanted);
  }
  if (reference.scheme == "call") {
    return std::make_shared<CallSource>(*this, reference.path)->look_up(wanted);
  }
  fail(reference.scheme.empty()
           ? fmt::format("URI has no scheme: {}; write config:, egg: or call: before it",
                         in_quotes(uri))
           : fmt::format("URI scheme not known: {} (of {}); config, config_dir, egg and call are",
                         in_quotes(reference.scheme), in_quotes(uri)));
  return nullptr;
}

IniFile Session::read(const std::string& file, const Asker& asker) const {
  try {
    return read_ini_file(files_.read(file), file);
  } catch (const std::system_error& error) {
    const auto& code = error.code();
    const bool too_large = code == std::errc::file_too_large;
    throw load_error(
        Category::missing_file, {file},
        fmt::format("{}the file {} cannot be read: {}{}", prefix_of(asker.where), file,
                    too_large ? "it is larger than a Paste file may be" : code.message(),
                    asker.text));
  }
}

IniFile Session::read_directory(const std::string& directory, const Asker& asker) const {
  std::vector<std::string> names;
  try {
    if (files_.list) names = files_.list(directory);
  } catch (const std::system_error& error) {
    throw load_error(Category::missing_file, {directory},
                     fmt::format("{}the directory {} cannot be read: {}{}", prefix_of(asker.where),
                                 directory, error.code().message(), asker.text));
  }
  if (names.empty()) {
    throw load_error(Category::missing_file, {directory},
                     fmt::format("{}the directory {} has no file whose name ends in .conf{}",
                                 prefix_of(asker.where), directory, asker.text));
  }
  IniFile all;
  for (const std::string& name : names) {
    merge(all, read(directory + '/' + name, asker));
  }
  return all;
}

Context::Pointer Session::look_up_config(const std::string& uri, std::string_view reference,
                                         Scheme scheme, const std::string& relative_to,
                                         const Wanted& wanted) {
  const auto& place = wanted.asker.where;
  std::string path{reference};
  std::ranges::replace(path, '\\', '/');  // As Paste does, for files from Windows.
  if (!reference.starts_with('/')) {
    if (relative_to.empty()) {
      throw load_error(Category::value, place,
                       fmt::format("{}Cannot resolve relative uri {}; give an absolute path, or "
                                   "relative_to{}",
                                   prefix_of(place), in_quotes(uri), wanted.asker.text));
    }
    path = relative_to + (relative_to.ends_with('/') ? "" : "/") + path;
  }
  path = strip_space(percent_decode(path, Plus::literal));
  const std::string file = absolute_path(path, files_.working_directory);
  const bool whole = scheme == Scheme::config_dir;
  IniFile ini = whole ? read_directory(file, wanted.asker) : read(file, wanted.asker);
  const Settings passed = wanted.global_conf ? *wanted.global_conf : Settings{};
  return std::make_shared<ConfigSource>(
             *this, ConfigFile{file, whole ? file : directory_of(file), std::move(ini), passed},
             whole ? file : directory_of(path))
      ->look_up(wanted);
}

}  // namespace thane::wsgi::internal
