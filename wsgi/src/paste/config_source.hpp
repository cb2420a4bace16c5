// Objects that the sections of a Paste file describe.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config_file.hpp"
#include "session.hpp"

namespace thane::wsgi::internal {

/// The rules of Paste Deploy: which section, what of it is global and what is local, and to which
/// other sections it leads.
class ConfigSource final : public Source {
 public:
  /// `directory`: what references in the file are relative to.
  ConfigSource(Session& session, ConfigFile file, std::string directory)
      : Source(session), file_(std::move(file)), directory_(std::move(directory)) {}

  [[nodiscard]] Context::Pointer look_up(const Wanted& wanted) override;

 private:
  // A section as it is worked on.
  struct Work {
    Role role;
    const IniSection& section;
    SharedSettings global_conf;
    SharedSettings local_conf = std::make_shared<Settings>();
    Settings set_here = {};  // By `set`.
  };

  void read_keys(Work& work);
  void take_requirements(Work& work);
  [[nodiscard]] Context::Pointer by_kind(Work& work);
  [[nodiscard]] Context::Pointer pipeline(Work& work);
  [[nodiscard]] Context::Pointer filter_app(Work& work);
  [[nodiscard]] Context::Pointer used(Work& work, Role role);
  [[nodiscard]] Context::Pointer explicit_factory(Work& work, Role role);
  [[nodiscard]] Context::Pointer with_filter(const Work& work, const std::string& name,
                                             Context::Pointer next);
  [[nodiscard]] Context::Pointer context(const Work& work) const;

  // What `key` of the section names.
  [[nodiscard]] Context::Pointer named(const Work& work, Role role, const std::string& name,
                                       std::string_view key);
  [[noreturn]] void fail(load_error::Category category, const Work& work, std::string_view key,
                         const std::string& what) const;

  ConfigFile file_;
  std::string directory_;
};

}  // namespace thane::wsgi::internal
