#include "privileges.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

namespace {

using Id = std::uint32_t;
static_assert(sizeof(uid_t) == sizeof(Id) && sizeof(gid_t) == sizeof(Id));

[[noreturn]] void refuse(const char* option, const std::string& value, std::string_view why) {
  throw std::runtime_error(fmt::format("{} = {}: {}", option, value, why));
}

// A number, if the text is one. The largest means "no change" to the system calls.
std::optional<Id> number_from(const char* option, const std::string& text) {
  if (text.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  Id number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number == static_cast<Id>(-1)) {
    refuse(option, text, "a number from 0 to 4294967294, or a name");
  }
  return number;
}

// What getpwnam_r() and its relatives have in common: a buffer that grows until all fits.
template <class Entry, class Call>
std::optional<Entry> look_up(const char* option, const std::string& value,
                             std::vector<char>& buffer, Call call) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  for (std::size_t size = 1024;; size *= 2) {
    buffer.resize(size);
    Entry entry{};
    Entry* found = nullptr;
    const int error = call(&entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && size < most) {
      continue;
    }
    if (found != nullptr) {
      return entry;
    }
    if (error != 0 && error != ENOENT && error != ESRCH) {
      refuse(option, value, fmt::format("cannot be looked up: {}", std::strerror(error)));
    }
    return std::nullopt;
  }
}

void find_user(Identity& identity) {
  const std::string& text = identity.user_option;
  const auto number = text.empty() ? ::geteuid() : number_from("user", text);
  std::vector<char> buffer;
  const auto entry = look_up<passwd>("user", text, buffer, [&](auto... out) {
    return number ? ::getpwuid_r(*number, out...) : ::getpwnam_r(text.c_str(), out...);
  });
  if (entry) {
    identity.user = entry->pw_uid;
    identity.group = entry->pw_gid;
    identity.name = entry->pw_name;
    identity.home = entry->pw_dir;
  } else if (!number) {
    refuse("user", text, "there is no such user; create one, or name another");
  } else if (identity.group_option.empty()) {
    refuse("user", text, "the user database does not know this number; set group as well");
  } else {
    identity.user = *number;
  }
}

void find_group(Identity& identity) {
  const std::string& text = identity.group_option;
  if (text.empty()) {
    return;
  }
  if (const auto number = number_from("group", text)) {
    identity.group = *number;
    return;
  }
  std::vector<char> buffer;
  const auto entry = look_up<::group>(
      "group", text, buffer, [&](auto... out) { return ::getgrnam_r(text.c_str(), out...); });
  if (!entry) {
    refuse("group", text, "there is no such group; create one, or name another");
  }
  identity.group = entry->gr_gid;
}

// Real, effective and saved: a process that keeps one of them can have the others back.
bool user_is(uid_t wanted) {
  std::array<uid_t, 3> ids{};
  check(::getresuid(&ids[0], &ids[1], &ids[2]), "getresuid");
  return std::ranges::count(ids, wanted) == 3;
}

bool group_is(gid_t wanted) {
  std::array<gid_t, 3> ids{};
  check(::getresgid(&ids[0], &ids[1], &ids[2]), "getresgid");
  return std::ranges::count(ids, wanted) == 3;
}

// Of all threads of the process: this is called before there is a second one.
struct Capabilities {
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};

  [[nodiscard]] bool empty() const {
    return std::ranges::all_of(sets, [](const auto& set) {
      return set.effective == 0 && set.permitted == 0 && set.inheritable == 0;
    });
  }
};

Capabilities capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  Capabilities now;
  check(::syscall(SYS_capget, &header, now.sets.data()), "capget");
  return now;
}

void give_up_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const Capabilities none;  // The kernel takes the ambient ones along.
  check(::syscall(SYS_capset, &header, none.sets.data()), "capset");
}

[[noreturn]] void refuse_change(const Identity& identity, int error) {
  const bool by_user = !identity.user_option.empty();
  const char* option = by_user ? "user" : "group";
  const std::string& value = by_user ? identity.user_option : identity.group_option;
  if (error != EPERM) {
    refuse(option, value, fmt::format("cannot be changed to: {}", std::strerror(error)));
  }
  refuse(option, value,
         fmt::format("a process of user {} and group {} may not change to it; start it as root, or "
                     "as who it is to be and without this option",
                     ::geteuid(), ::getegid()));
}

// What the kernel said is one thing; what is so is another.
void verify(const Identity& identity) {
  const bool done = user_is(identity.user) && group_is(identity.group);
  const bool way_back = identity.user != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0);
  const bool powers = identity.user != 0 && !capabilities().empty();
  if (!done || way_back || powers) {
    refuse("user", identity.user_option,
           "privileges are left after the change, which this kernel says it made; not starting");
  }
}

void follow_in_environment(const Identity& identity) {
  if (identity.name.empty() || identity.user_option.empty()) {
    return;
  }
  ::setenv("HOME", identity.home.c_str(), 1);
  ::setenv("USER", identity.name.c_str(), 1);
  ::setenv("LOGNAME", identity.name.c_str(), 1);
}

}  // namespace

std::optional<Identity> find_identity(const std::string& user, const std::string& group) {
  if (user.empty() && group.empty()) {
    return std::nullopt;
  }
  Identity identity{.user_option = user, .group_option = group};
  find_user(identity);
  find_group(identity);
  return identity;
}

void become(const Identity& identity) {
  if (user_is(identity.user) && (identity.group_option.empty() || group_is(identity.group))) {
    return;
  }
  const int groups = identity.name.empty() ? ::setgroups(1, &identity.group)
                                           : ::initgroups(identity.name.c_str(), identity.group);
  if (groups != 0 || ::setresgid(identity.group, identity.group, identity.group) != 0 ||
      ::setresuid(identity.user, identity.user, identity.user) != 0) {
    refuse_change(identity, errno);
  }
  if (identity.user != 0) {
    give_up_capabilities();
    // The kernel has taken the files of /proc/PID away from the process, and its core dumps.
    ::prctl(PR_SET_DUMPABLE, 1);
  }
  verify(identity);
  follow_in_environment(identity);
}

void hand_over_log(const std::string& path, const Identity& identity) noexcept {
  const UniqueFd file{
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  struct stat status {};
  if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_nlink == 1 && status.st_uid == ::geteuid() && status.st_uid != identity.user) {
    static_cast<void>(!::fchown(file.get(), identity.user, identity.group));
  }
}

}  // namespace thane::internal
