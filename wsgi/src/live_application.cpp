#include "live_application.hpp"

#include <stdexcept>
#include <utility>

#include <thane/wsgi/file_body.hpp>

namespace thane::wsgi::internal {

LiveApplication::LiveApplication(const Config& config, Load load)
    : config_(config), load_(std::move(load)) {
  prepare();
  current_ = made_.back().application;
}

Application LiveApplication::application() {
  return [this](Request& request) {
    const auto now = current_;  // A reset may come while it runs.
    Response response = (*now)(request);
    const BodyStream& stream = response.body_stream();
    if (const auto* const file = stream.target<FileBody>()) {
      response.set_stream(file->owned_by(now));  // Wrapped, it would not be sent by the kernel.
    } else if (stream) {
      response.set_stream([now, stream] { return stream(); });
    }
    return response;
  };
}

void LiveApplication::prepare() {
  auto application = load();
  std::erase_if(made_, [](const Made& made) { return made.values.expired(); });
  made_.push_back({config_.snapshot(), std::move(application)});
}

std::shared_ptr<const Application> LiveApplication::next() const {
  const auto values = config_.snapshot();
  for (const Made& made : made_) {
    if (made.values.lock() == values) return made.application;
  }
  return load();
}

std::shared_ptr<const Application> LiveApplication::load() const {
  auto application = load_();
  if (!application) throw std::invalid_argument("a wsgi::Server without an application");
  return std::make_shared<const Application>(std::move(application));
}

}  // namespace thane::wsgi::internal
