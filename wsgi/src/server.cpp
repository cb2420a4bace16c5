#include <thane/wsgi/server.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <thane/assert.hpp>
#include <thane/listener.hpp>

#include "live_application.hpp"
#include "tls_context.hpp"
#include "worker_side.hpp"

namespace thane::wsgi {

namespace {

std::optional<mode_t> mode_from(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const bool octal = text.find_first_not_of("01234567") == std::string::npos && text.size() <= 4;
  if (!octal) {
    throw std::invalid_argument("unix_socket_mode: \"" + text + "\" is not an octal file mode");
  }
  return static_cast<mode_t>(std::stoul(text, nullptr, 8));
}

Listener listen(const ServerOptions& options) {
  if (!options.listen_fd.empty()) {
    return Listener::inherited(options.listen_fd);
  }
  if (!options.unix_socket.empty()) {
    return Listener::unix_socket(options.unix_socket, {.backlog = options.backlog,
                                                       .mode = mode_from(options.unix_socket_mode),
                                                       .bind_timeout = options.bind_timeout});
  }
  return Listener::tcp(options.host, static_cast<std::uint16_t>(options.port),
                       {.backlog = options.backlog,
                        .tcp_keepidle = options.tcp_keepidle,
                        .bind_timeout = options.bind_timeout});
}

using OptionsSource = std::function<ServerOptions(const Snapshot&)>;

OptionsSource options_of_group(const std::string& name) {
  return [name](const Snapshot& snapshot) { return options_from(snapshot, name); };
}

// Who is replaced is killed after graceful_shutdown_timeout, however patient it is.
ServerOptions current_options(const Config& config, const OptionsSource& source) {
  const auto snapshot = config.snapshot();
  auto options = source(*snapshot);
  try {
    const auto limit = snapshot->get<std::chrono::milliseconds>("graceful_shutdown_timeout");
    if (limit.count() > 0) options.reload_linger = std::min(options.reload_linger, limit / 2);
  } catch (const std::out_of_range&) {
    // The program has registered no options of a launcher.
  }
  return options;
}

// Where the options are read at a reset.
struct Configured {
  Config config;
  OptionsSource options;
};

// What a server is made of.
struct Origin {
  Application application = {};
  std::unique_ptr<internal::LiveApplication> live = {};  // In its place.
  ServerOptions options = {};
  std::optional<Configured> configured = {};
};

Origin origin_of(const Config& config, const std::string& name, Application application) {
  return {.application = std::move(application),
          .options = current_options(config, options_of_group(name)),
          .configured = Configured{config, options_of_group(name)}};
}

Origin origin_of(const Config& config, const std::string& name, ServerSources sources) {
  OptionsSource options = sources.options ? std::move(sources.options) : options_of_group(name);
  auto live = std::make_unique<internal::LiveApplication>(config, std::move(sources.application));
  return {.live = std::move(live),
          .options = current_options(config, options),
          .configured = Configured{config, options}};
}

}  // namespace

class Server::Impl {
 public:
  Impl(std::string name, Origin origin)
      : name_(std::move(name)),
        live_(std::move(origin.live)),
        application_(live_ ? live_->application() : std::move(origin.application)),
        configured_(std::move(origin.configured)),
        options_(std::move(origin.options)),
        tls_(load_tls(options_, nullptr)),
        listener_(listen(options_)) {
    if (options_.wsgi_default_pool_size < 1) {
      throw std::invalid_argument("wsgi_default_pool_size: less than one connection");
    }
    if (!application_) throw std::invalid_argument("a wsgi::Server without an application");
    // A bad format is an error of the configuration now, not of a worker later.
    (void)internal::AccessLog{options_.wsgi_log_format};
  }

  void start() {
    THANE_ASSERT(!worker_ || worker_->ended());
    worker_.reset();
    worker_ = std::make_unique<internal::WorkerSide>(name_, listener_, application_, options_);
    worker_->use(tls_);
    worker_->start();
  }

  void stop() noexcept {
    if (worker_) worker_->stop();
  }

  void wait() {
    if (worker_) worker_->wait();
  }

  void reset() {
    if (!configured_) return;
    auto options = current_options(configured_->config, configured_->options);
    (void)internal::AccessLog{options.wsgi_log_format};
    auto application = live_ ? live_->next() : nullptr;
    if (!std::exchange(prepared_, false)) tls_ = load_tls(options, tls_);
    options_ = std::move(options);
    if (live_) live_->take_up(std::move(application));
    if (worker_) {
      worker_->apply(options_);
      worker_->use(tls_);
    }
  }

  void prepare(const Snapshot& next) {
    if (!configured_) return;
    if (live_) live_->prepare();
    tls_ = load_tls(configured_->options(next), tls_);
    prepared_ = true;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Listener& listener() const noexcept { return listener_; }
  [[nodiscard]] bool draining() const noexcept { return worker_ && worker_->ending(); }
  [[nodiscard]] std::size_t connections() const noexcept {
    return worker_ ? worker_->connections() : 0;
  }

 private:
  using Tls = std::shared_ptr<const internal::TlsContext>;
  // The one of `before`, if nothing about it has changed.
  Tls load_tls(const ServerOptions& options, const Tls& before) {
    if (!options.use_ssl) return nullptr;
    internal::TlsSettings settings{.cert_file = options.cert_file,
                                   .key_file = options.key_file,
                                   .ca_file = options.ca_file,
                                   .client_cert = options.client_cert,
                                   .version = options.version,
                                   .ciphers = options.ciphers,
                                   .sni = options.sni};
    if (before && before->is_still(settings)) return before;
    if (!tickets_) tickets_ = std::make_unique<internal::TlsTickets>();
    return std::make_shared<internal::TlsContext>(std::move(settings), *tickets_);
  }

  std::string name_;
  std::unique_ptr<internal::LiveApplication> live_;  // None: the application stays what it is.
  Application application_;
  std::optional<Configured> configured_;
  ServerOptions options_;
  std::unique_ptr<internal::TlsTickets> tickets_;
  Tls tls_;                // After the tickets, before the socket.
  bool prepared_ = false;  // tls_ is that of the configuration to come.
  Listener listener_;
  std::unique_ptr<internal::WorkerSide> worker_;  // From start() on; never in the parent.
};

Server::Server(const Config& config, std::string name, Application application)
    : impl_(std::make_unique<Impl>(name, origin_of(config, name, std::move(application)))) {}

Server::Server(const Config& config, std::string name, ServerSources sources)
    : impl_(std::make_unique<Impl>(name, origin_of(config, name, std::move(sources)))) {}

Server::Server(std::string name, Application application, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(name), Origin{.application = std::move(application),
                                                           .options = std::move(options)})) {}

Server::~Server() = default;

void Server::start() {
  Service::start();
  impl_->start();
}

void Server::stop() noexcept {
  Service::stop();
  impl_->stop();
}

void Server::wait() {
  impl_->wait();
  Service::wait();
}

void Server::reset() {
  Service::reset();
  impl_->reset();
}

void Server::prepare(const Snapshot& next) {
  Service::prepare(next);
  impl_->prepare(next);
}

std::string Server::name() const {
  return impl_->name();
}
const std::string& Server::address() const noexcept {
  return impl_->listener().address();
}
std::uint16_t Server::port() const noexcept {
  return impl_->listener().port();
}
bool Server::draining() const noexcept {
  return impl_->draining();
}
std::size_t Server::connections() const noexcept {
  return impl_->connections();
}

}  // namespace thane::wsgi
