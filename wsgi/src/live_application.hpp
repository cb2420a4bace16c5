// The application of a server, where it is made anew of each configuration.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <thane/config.hpp>
#include <thane/wsgi/application.hpp>

namespace thane::wsgi::internal {

/// Keeps what was made of a configuration together with it: a parent prepares the next one, which
/// may be refused, and a worker takes the one that belongs to the configuration it runs by. It must
/// not move, for application() refers to it.
class LiveApplication {
 public:
  using Load = std::function<Application()>;

  /// Loads. Throws what `load` throws.
  LiveApplication(const Config& config, Load load);
  LiveApplication(const LiveApplication&) = delete;
  LiveApplication& operator=(const LiveApplication&) = delete;

  /// Calls the one that is current when a request comes; its answer's stream keeps it.
  [[nodiscard]] Application application();

  /// Loads by the configuration as it is, which may not stay.
  void prepare();
  /// What belongs to the configuration as it is; loaded, if it was not prepared.
  [[nodiscard]] std::shared_ptr<const Application> next() const;
  void take_up(std::shared_ptr<const Application> next) noexcept { current_ = std::move(next); }

 private:
  struct Made {
    std::weak_ptr<const Snapshot> values;  // Gone: they were refused, or are outdated.
    std::shared_ptr<const Application> application;
  };

  [[nodiscard]] std::shared_ptr<const Application> load() const;

  Config config_;
  Load load_;
  std::vector<Made> made_;
  std::shared_ptr<const Application> current_;
};

}  // namespace thane::wsgi::internal
