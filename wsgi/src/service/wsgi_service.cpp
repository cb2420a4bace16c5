#include <thane/wsgi/wsgi_service.hpp>

#include <utility>

#include <thane/snapshot.hpp>
#include <thane/wsgi/server.hpp>

#include "api_options.hpp"
#include "paste_file.hpp"

namespace thane::wsgi {

class WSGIService::Impl {
 public:
  Impl(const Config& config, const std::string& name, RegistryMaker registry, ManagerHooks hooks)
      : manager(std::move(hooks)),
        server(config, name, sources(config, name, std::move(registry))) {}

  ManagerHooks manager;
  Server server;

 private:
  static ServerSources sources(const Config& config, const std::string& name,
                               RegistryMaker registry) {
    return {.application =
                [config, name, registry = std::move(registry),
                 directory = internal::working_directory()] {  // Of the start: it may change.
                  const auto file = internal::find_paste_file(*config.snapshot(), directory);
                  return internal::load_named_app(registry(config), file, name);
                },
            .options =
                [name](const Snapshot& snapshot) {
                  return internal::api_server_options_from(snapshot, name);
                }};
  }
};

WSGIService::WSGIService(const Config& config, const std::string& name, RegistryMaker registry,
                         ManagerHooks manager)
    : impl_(std::make_unique<Impl>(config, name, std::move(registry), std::move(manager))) {}

WSGIService::~WSGIService() = default;

void WSGIService::start() {
  const auto call = [](const std::function<void()>& hook) {
    if (hook) hook();
  };
  call(impl_->manager.init_host);
  call(impl_->manager.pre_start_hook);
  impl_->server.start();
  call(impl_->manager.post_start_hook);
}

void WSGIService::stop() {
  impl_->server.stop();
}
void WSGIService::wait() {
  impl_->server.wait();
}
void WSGIService::reset() {
  impl_->server.reset();
}
void WSGIService::prepare(const Snapshot& next) {
  impl_->server.prepare(next);
}
std::string WSGIService::name() const {
  return impl_->server.name();
}
std::string WSGIService::workers_option() const {
  return internal::api_option(impl_->server.name(), "workers");
}
const std::string& WSGIService::address() const noexcept {
  return impl_->server.address();
}
std::uint16_t WSGIService::port() const noexcept {
  return impl_->server.port();
}

}  // namespace thane::wsgi
