// From what was looked up to applications: the order in which factories are called.
#include <fmt/core.h>

#include <exception>
#include <stdexcept>
#include <thane/assert.hpp>
#include <thane/wsgi/loader.hpp>
#include <utility>

#include "session.hpp"

namespace thane::wsgi::internal {

namespace {

// How the settings of a context are kept by what is called only after the load.
struct KeptContext {
  std::string spec;
  load_error::Where where;
  Settings global_conf;
  Settings local_conf;
};

KeptContext kept(const Context& context, const std::string& spec) {
  return {spec, context.where, *context.global_conf, *context.local_conf};
}

[[noreturn]] void refused(const load_error::Where& where, const std::string& spec,
                          const char* what) {
  std::throw_with_nested(load_error(
      load_error::Category::value, where,
      fmt::format("{}{}{} refuses: {}", prefix_of(where),
                  where.section.empty() ? "" : "[" + where.section + "]: ", spec, what)));
}

// Calls a factory; what it says of its settings is told with the place where they stand.
template <class Call>
auto call(const load_error::Where& where, const std::string& spec, Call factory) {
  decltype(factory()) result;
  try {
    result = factory();
  } catch (const std::invalid_argument& error) {
    refused(where, spec, error.what());
  }
  if (result == nullptr) {
    throw load_error(load_error::Category::value, where,
                     fmt::format("{}{} returned nothing", prefix_of(where), spec));
  }
  return result;
}

Application made_app(const Context& context, const Context::Made& made) {
  return call(context.where, made.spec, [&] {
    if (const auto* composite = std::get_if<Registry::CompositeFactory>(&made.factory)) {
      Loader loader{*context.source};
      return (*composite)(loader, *context.global_conf, *context.local_conf);
    }
    return std::get<Registry::AppFactory>(made.factory)(*context.global_conf, *context.local_conf);
  });
}

Filter made_filter(const Context& context, const Context::Made& made) {
  if (const auto* filter = std::get_if<Registry::FilterFactory>(&made.factory)) {
    return call(context.where, made.spec,
                [&] { return (*filter)(*context.global_conf, *context.local_conf); });
  }
  return [keep = kept(context, made.spec),
          factory = std::get<Registry::FilterAppFactory>(made.factory)](Application next) {
    return call(keep.where, keep.spec,
                [&] { return factory(std::move(next), keep.global_conf, keep.local_conf); });
  };
}

}  // namespace

Application make_app(Session& session, const Context& context) {
  const Session::Step step{session, context.frame, {context.where}};
  if (const auto* made = std::get_if<Context::Made>(&context.what)) {
    return made_app(context, *made);
  }
  if (const auto* parts = std::get_if<Context::Filtered>(&context.what)) {
    if (parts->next_first) {
      auto next = make_app(session, *parts->next);
      return make_filter(session, *parts->filter)(std::move(next));
    }
    const auto filter = make_filter(session, *parts->filter);
    return filter(make_app(session, *parts->next));
  }
  const auto& parts = std::get<Context::Pipeline>(context.what);
  Application application = make_app(session, *parts.application);
  std::vector<Filter> filters;
  for (const auto& filter : parts.filters) {
    filters.push_back(make_filter(session, *filter));
  }
  for (; !filters.empty(); filters.pop_back()) {
    application = filters.back()(std::move(application));
  }
  return application;
}

Filter make_filter(Session& session, const Context& context) {
  const Session::Step step{session, context.frame, {context.where}};
  if (const auto* made = std::get_if<Context::Made>(&context.what)) {
    return made_filter(context, *made);
  }
  const auto& parts = std::get<Context::Filtered>(context.what);
  auto outer = make_filter(session, *parts.filter);
  auto inner = make_filter(session, *parts.next);
  return [outer = std::move(outer), inner = std::move(inner)](Application next) {
    return outer(inner(std::move(next)));
  };
}

ServiceMaker make_server(Session& session, const Context& context) {
  const Session::Step step{session, context.frame, {context.where}};
  const auto& made = std::get<Context::Made>(context.what);
  if (const auto* server = std::get_if<Registry::ServerFactory>(&made.factory)) {
    return call(context.where, made.spec,
                [&] { return (*server)(*context.global_conf, *context.local_conf); });
  }
  return [keep = kept(context, made.spec),
          runner = std::get<Registry::ServerRunner>(made.factory)](Application application) {
    return call(keep.where, keep.spec,
                [&] { return runner(std::move(application), keep.global_conf, keep.local_conf); });
  };
}

}  // namespace thane::wsgi::internal
