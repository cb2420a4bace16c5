#include "factory_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thane/internal/in_quotes.hpp>

#include "reference.hpp"

namespace thane::wsgi::internal {

namespace {

using Kind = Registry::Kind;
using thane::internal::in_quotes;

std::vector<Kind> egg_kinds(Role role) {
  switch (role) {
    case Role::application:
      return {Kind::app, Kind::composite};
    case Role::filter:
      return {Kind::filter, Kind::filter_app};
    case Role::server:
      return {Kind::server, Kind::server_runner};
  }
  return {};
}

// A function does not say what it is: the section that uses it does, by its prefix.
Kind call_kind(const Wanted& wanted) {
  if (wanted.used_by == "composite" || wanted.used_by == "composit") {
    return Kind::composite;
  }
  return egg_kinds(wanted.role).front();
}

Context::Pointer made(const Wanted& wanted, Context::Made what, std::shared_ptr<Source> source) {
  auto global_conf = wanted.global_conf ? wanted.global_conf : std::make_shared<Settings>();
  return std::make_unique<Context>(Context{.what = std::move(what),
                                           .global_conf = std::move(global_conf),
                                           .local_conf = std::make_shared<Settings>(),
                                           .source = std::move(source),
                                           .where = wanted.asker.where});
}

}  // namespace

Context::Pointer EggSource::look_up(const Wanted& wanted) {
  const std::string name = wanted.name.value_or("main");
  const Session::Step step{session(), {}, wanted.asker};
  if (has_scheme(name)) {
    Wanted named = wanted;
    named.name.reset();
    return session().look_up(name, {}, named);
  }
  const std::string spec = fmt::format("egg:{}#{}", distribution_, name);
  return made(wanted,
              session().factory(spec, egg_kinds(wanted.role),
                                wanted.role == Role::application ? Session::Several::refused
                                                                 : Session::Several::first_wins,
                                wanted.asker.where),
              shared_from_this());
}

Context::Pointer CallSource::look_up(const Wanted& wanted) {
  const Session::Step step{session(), {}, wanted.asker};
  const auto colons = std::ranges::count(function_, ':');
  if (colons != 1) {
    const auto category = colons == 0 ? load_error::Category::lookup : load_error::Category::value;
    throw load_error(category, wanted.asker.where,
                     fmt::format("{}{} is not in the format call:MODULE:FUNCTION{}",
                                 prefix_of(wanted.asker.where), in_quotes("call:" + function_),
                                 wanted.asker.text));
  }
  return made(wanted,
              session().factory("call:" + function_, {call_kind(wanted)},
                                Session::Several::first_wins, wanted.asker.where),
              shared_from_this());
}

}  // namespace thane::wsgi::internal
