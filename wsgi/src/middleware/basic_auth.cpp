#include <thane/wsgi/middleware/basic_auth.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>
#include <thane/offload.hpp>
#include <thane/semaphore.hpp>

#include "../field_list.hpp"
#include "known_keys.hpp"
#include "user_file.hpp"

namespace thane::wsgi {

namespace {

using internal::UserFile;

class BasicAuth {
 public:
  explicit BasicAuth(BasicAuthOptions options)
      : options_(std::move(options)),
        challenge_(fmt::format("Basic realm=\"{}\", charset=\"UTF-8\"", options_.realm)) {
    if (options_.realm.find_first_of("\"\\") != std::string::npos) {
      throw std::invalid_argument("a realm with a quote or a backslash was refused: " +
                                  options_.realm);
    }
    if (options_.most_at_once == 0) throw std::invalid_argument("most_at_once cannot be 0");
    options_.user_file = std::filesystem::absolute(options_.user_file);
    try {
      UserFile{options_.user_file}.check();
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(options_.user_file.native() + ": " + error.what());
    }
    (void)refusal();  // A realm with a control character is refused now.
  }

  /// The user; nullopt if there is none or the password is another one.
  std::optional<std::string> user_of(const Request& request, Semaphore& looking) const {
    const auto field = internal::only_field(request, "authorization");
    auto credentials = field ? internal::parse_credentials(*field) : std::nullopt;
    if (!credentials) return std::nullopt;
    const Semaphore::Permit permit{looking};
    const bool known = offload([this, &credentials] {
      return UserFile{options_.user_file}.has(credentials->user, credentials->password);
    });
    if (!known) {
      log::info("basic_auth: a request from {} with a wrong password", request.peer_address());
      return std::nullopt;
    }
    return std::move(credentials->user);
  }

  [[nodiscard]] bool is_public(std::string_view path) const {
    if (has_dots(path)) return false;
    return std::ranges::any_of(options_.public_paths, [path](std::string_view open) {
      return open.ends_with('/') ? path.starts_with(open) : path == open;
    });
  }

  [[nodiscard]] Response refusal() const {
    const nlohmann::json body{
        {"error", {{"message", "This needs a user and the right password."}, {"code", 401}}}};
    return Response::json(body).set_status(401).add_header("WWW-Authenticate", challenge_);
  }

  [[nodiscard]] std::size_t most_at_once() const { return options_.most_at_once; }

 private:
  // An application that takes ".." for what it means would serve another path.
  static bool has_dots(std::string_view path) {
    while (!path.empty()) {
      const std::size_t end = std::min(path.find('/'), path.size());
      const std::string_view name = path.substr(0, end);
      if (name == "." || name == "..") return true;
      path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
  }

  BasicAuthOptions options_;
  std::string challenge_;
};

}  // namespace

Filter basic_auth(BasicAuthOptions options) {
  return [filter = std::make_shared<const BasicAuth>(std::move(options))](Application next) {
    auto looking = std::make_shared<Semaphore>(filter->most_at_once());
    return [filter, looking = std::move(looking), next = std::move(next)](Request& request) {
      if (filter->is_public(request.path())) return next(request);
      auto user = filter->user_of(request, *looking);
      if (!user) return filter->refusal();
      request.set_attribute(basic_auth_user, *std::move(user));
      return next(request);
    };
  };
}

Filter make_basic_auth(const Settings&, const Settings& local_conf) {
  internal::warn_of_unknown("basic_auth", local_conf,
                            {"http_basic_auth_user_file", "realm", "public_paths"});
  BasicAuthOptions options;
  options.user_file = local_conf.get("http_basic_auth_user_file", options.user_file.native());
  options.realm = local_conf.get("realm", options.realm);
  options.public_paths = local_conf.get_words("public_paths");
  return basic_auth(std::move(options));
}

}  // namespace thane::wsgi
