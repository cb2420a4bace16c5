// One call of load_app() and its siblings: what all that it looks up has in common.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/load_error.hpp>
#include <thane/wsgi/registry.hpp>

#include "context.hpp"

namespace thane::wsgi::internal {

/// The world outside.
struct Files {
  std::function<std::string(const std::string& path)> read;  ///< Throws std::system_error.
  std::string working_directory;
  /// The names of the *.conf files of a directory, sorted. Throws std::system_error. Empty: there
  /// are no directories.
  std::function<std::vector<std::string>(const std::string& path)> list = {};
};

/// What somebody wants to have.
struct Wanted {
  Role role = Role::application;
  std::optional<std::string> name = {};
  SharedSettings global_conf = {};  ///< May be null: none.
  Asker asker = {};
  /// The prefix of the section that `use`s it: for call:, which knows of no kind itself.
  std::string used_by = {};
};

/// Where objects are looked up by name: a file, an egg, a function.
class Source : public std::enable_shared_from_this<Source> {
 public:
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] virtual Context::Pointer look_up(const Wanted& wanted) = 0;
  [[nodiscard]] Application get_app(Wanted wanted);
  [[nodiscard]] Filter get_filter(Wanted wanted);
  [[nodiscard]] ServiceMaker get_server(Wanted wanted);

 protected:
  explicit Source(class Session& session) : session_(session) {}
  [[nodiscard]] Session& session() const noexcept { return session_; }

 private:
  Session& session_;
};

class Session {
 public:
  /// `most_objects`: lookups and calls in this load.
  Session(const Registry& registry, Files files, std::size_t most_objects = 10'000)
      : registry_(registry), files_(std::move(files)), most_objects_(most_objects) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What a reference with a scheme names.
  [[nodiscard]] Context::Pointer look_up(const std::string& uri, const std::string& relative_to,
                                         Wanted wanted);

  enum class Several : bool { first_wins, refused };
  /// The factory of that name of the first of `kinds` that has one, else what the resolver says.
  /// Throws load_error of category `lookup`; `where` is the section that names it.
  [[nodiscard]] Context::Made factory(const std::string& spec,
                                      const std::vector<Registry::Kind>& kinds, Several several,
                                      const load_error::Where& where) const;
  [[nodiscard]] const Registry& registry() const noexcept { return registry_; }

  /// Sections that lead to one another; so many fit on the stack of a fiber.
  static constexpr std::size_t deepest = 64;

  /// While it lives, something is being looked up or made. Throws load_error of category `loop` if
  /// the section is at work already, and beyond the limits.
  class Step {
   public:
    Step(Session& session, const std::optional<Frame>& frame, const Asker& asker);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Session& session_;
    bool framed_;
  };

 private:
  enum class Scheme : bool { config, config_dir };
  [[nodiscard]] Context::Pointer look_up_config(const std::string& uri, std::string_view reference,
                                                Scheme scheme, const std::string& relative_to,
                                                const Wanted& wanted);
  [[nodiscard]] IniFile read(const std::string& file, const Asker& asker) const;
  [[nodiscard]] IniFile read_directory(const std::string& directory, const Asker& asker) const;

  const Registry& registry_;
  Files files_;
  std::size_t most_objects_;
  std::vector<Frame> frames_;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
};

/// Call the factories of what was looked up.
[[nodiscard]] Application make_app(Session& session, const Context& context);
[[nodiscard]] Filter make_filter(Session& session, const Context& context);
[[nodiscard]] ServiceMaker make_server(Session& session, const Context& context);

}  // namespace thane::wsgi::internal
