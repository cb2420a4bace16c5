#include "config_source.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thane/internal/in_quotes.hpp>

#include "reference.hpp"
#include "unicode_text.hpp"

namespace thane::wsgi::internal {

namespace {

using thane::internal::in_quotes;
using Category = load_error::Category;
using Kind = Registry::Kind;

struct Protocol {
  std::string_view key;
  Kind kind;
};
// In one group the first that is there wins; two groups at once are an error.
using Protocols = std::vector<std::vector<Protocol>>;

const Protocols& protocols_of(Role role) {
  static const Protocols applications{{{"paste.app_factory", Kind::app}},
                                      {{"paste.composite_factory", Kind::composite}},
                                      {{"paste.composit_factory", Kind::composite}}};
  static const Protocols filters{
      {{"paste.filter_factory", Kind::filter}, {"paste.filter_app_factory", Kind::filter_app}}};
  static const Protocols servers{
      {{"paste.server_factory", Kind::server}, {"paste.server_runner", Kind::server_runner}}};
  return role == Role::application ? applications : role == Role::filter ? filters : servers;
}

std::string_view prefix_of_section(std::string_view section) {
  return section.substr(0, section.find(':'));
}

}  // namespace

Context::Pointer ConfigSource::look_up(const Wanted& wanted) {
  if (wanted.name && has_scheme(*wanted.name)) {
    const Session::Step step{session(), {}, wanted.asker};
    Wanted other = wanted;
    other.name.reset();
    return session().look_up(*wanted.name, directory_, other);
  }
  const IniSection& section = file_.find(wanted.role, wanted.name, wanted.asker);
  const Frame frame{file_.file(), section.name};
  const Session::Step step{session(), frame, wanted.asker};

  Work work{wanted.role, section, std::make_shared<Settings>(file_.defaults())};
  if (wanted.global_conf) {
    work.global_conf->update(*wanted.global_conf);
  }
  read_keys(work);
  std::optional<std::string> filter;
  if (work.role != Role::server) {
    filter = work.local_conf->take("filter-with");
  }
  take_requirements(work);
  auto result = by_kind(work);
  if (filter) {
    result = with_filter(work, *filter, std::move(result));
  }
  result->frame = frame;
  return result;
}

void ConfigSource::read_keys(Work& work) {
  constexpr std::string_view set = "set ", get = "get ";
  const Settings defaults = file_.defaults();
  Settings copies;
  for (const std::string_view key : file_.keys(work.section)) {
    if (key.starts_with(set)) {
      const auto name = strip_space(key.substr(set.size()));
      const auto value = file_.value(work.section, key);
      work.set_here.set(name, value);
      work.global_conf->set(name, value);
    } else if (key.starts_with(get)) {
      copies.set(strip_space(key.substr(get.size())), file_.value(work.section, key));
    } else if (!defaults.contains(key)) {
      work.local_conf->set(key, file_.value(work.section, key));
    }
  }
  for (const auto& [local, global] : copies) {
    const auto value = work.global_conf->find(global);
    if (!value) {
      fail(Category::lookup, work, "get " + local,
           fmt::format("\"get {} = {}\" copies from global_conf, which has no {}; set it in "
                       "[DEFAULT]",
                       local, global, in_quotes(global)));
    }
    work.local_conf->set(local, std::string{*value});
  }
}

void ConfigSource::take_requirements(Work& work) {
  const std::string required = work.local_conf->take("require").value_or("");
  for (const auto distribution : split_words(required)) {
    if (!session().registry().has_distribution(distribution)) {
      fail(Category::lookup, work, "require",
           fmt::format("the program has nothing of distribution {}; add_distribution() says that "
                       "it has",
                       in_quotes(distribution)));
    }
  }
}

Context::Pointer ConfigSource::by_kind(Work& work) {
  if (work.section.name.starts_with("filter-app:")) {
    return filter_app(work);
  }
  if (work.section.name.starts_with("pipeline:")) {
    return pipeline(work);
  }
  return work.local_conf->contains("use") ? used(work, work.role)
                                          : explicit_factory(work, work.role);
}

Context::Pointer ConfigSource::pipeline(Work& work) {
  const auto members = work.local_conf->take("pipeline");
  if (!members) {
    fail(Category::lookup, work, "", "the section is missing a 'pipeline' setting");
  }
  if (!work.local_conf->empty()) {
    std::vector<std::string_view> extra;
    for (const auto& [key, value] : *work.local_conf) {
      extra.push_back(key);
    }
    fail(Category::lookup, work, extra.front(),
         fmt::format("the pipeline section has extra (disallowed) settings: {}; only pipeline, "
                     "filter-with and set may be here",
                     fmt::join(extra, ", ")));
  }
  const auto names = split_words(*members);
  if (names.empty()) {
    fail(Category::lookup, work, "pipeline",
         "the pipeline is empty; its last word is the "
         "application");
  }
  auto result = context(work);
  auto& parts = result->what.emplace<Context::Pipeline>();
  parts.application = named(work, Role::application, std::string{names.back()}, "pipeline");
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    parts.filters.push_back(named(work, Role::filter, std::string{names[i]}, "pipeline"));
  }
  return result;
}

Context::Pointer ConfigSource::filter_app(Work& work) {
  const auto next = work.local_conf->take("next");
  if (!next) {
    fail(Category::lookup, work, "", "the section is missing a 'next' setting");
  }
  auto result = context(work);
  auto& parts = result->what.emplace<Context::Filtered>();
  parts.next_first = true;
  parts.next = named(work, Role::application, *next, "next");
  parts.filter = work.local_conf->contains("use") ? used(work, Role::filter)
                                                  : explicit_factory(work, Role::filter);
  return result;
}

Context::Pointer ConfigSource::used(Work& work, Role role) {
  const auto name = work.local_conf->take("use");
  auto result = named(work, role, name.value_or(""), "use");
  result->global_conf->update(work.set_here);
  result->local_conf->update(*work.local_conf);
  if (const auto file = work.global_conf->find("__file__")) {
    // The outermost file stays the one that global_conf names.
    result->global_conf->set("__file__", std::string{*file});
  }
  result->source = shared_from_this();
  return result;
}

Context::Pointer ConfigSource::explicit_factory(Work& work, Role role) {
  const Protocol* found = nullptr;
  for (const auto& group : protocols_of(role)) {
    const auto there = std::ranges::find_if(
        group, [&](const Protocol& protocol) { return work.local_conf->contains(protocol.key); });
    if (there == group.end()) {
      continue;
    }
    if (found != nullptr) {
      fail(Category::lookup, work, there->key,
           fmt::format("Multiple protocols given: {} and {}; remove one", found->key, there->key));
    }
    found = &*there;
  }
  if (found == nullptr) {
    fail(Category::lookup, work, "",
         fmt::format("No loader given; write \"use = ...\" or \"{} = MODULE:ATTRIBUTE\"",
                     protocols_of(role).front().front().key));
  }
  const auto value = work.local_conf->take(found->key);
  const auto spec = factory_spec(*value);
  if (!spec) {
    fail(Category::value, work, found->key,
         fmt::format("{} = {} does not name a factory; write MODULE:ATTRIBUTE", found->key,
                     in_quotes(*value)));
  }
  auto result = context(work);
  result->what = session().factory(*spec, {found->kind}, Session::Several::first_wins,
                                   file_.where(work.section, found->key));
  return result;
}

Context::Pointer ConfigSource::with_filter(const Work& work, const std::string& name,
                                           Context::Pointer next) {
  auto result = context(work);
  auto& parts = result->what.emplace<Context::Filtered>();
  parts.filter = named(work, Role::filter, name, "filter-with");
  parts.next = std::move(next);
  return result;
}

Context::Pointer ConfigSource::context(const Work& work) const {
  return std::make_unique<Context>(
      Context{.what = Context::Pipeline{},
              .global_conf = work.global_conf,
              .local_conf = work.local_conf,
              .source = std::const_pointer_cast<Source>(shared_from_this()),
              .where = {work.section.file, work.section.name, work.section.line}});
}

Context::Pointer ConfigSource::named(const Work& work, Role role, const std::string& name,
                                     std::string_view key) {
  const std::string_view prefix = prefix_of_section(work.section.name);
  return look_up(Wanted{.role = role,
                        .name = name,
                        .global_conf = work.global_conf,
                        .asker = {file_.where(work.section, key),
                                  fmt::format("; \"{}\" of [{}] names it", key, work.section.name)},
                        .used_by = std::string{key == "use" ? prefix : std::string_view{}}});
}

void ConfigSource::fail(Category category, const Work& work, std::string_view key,
                        const std::string& what) const {
  auto where = file_.where(work.section, key);
  where.section = work.section.name;  // Even if the key is that of DEFAULT.
  throw load_error(category, where,
                   fmt::format("{}[{}]: {}", prefix_of(where), work.section.name, what));
}

}  // namespace thane::wsgi::internal
