#include "symbolizer.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "format_into.hpp"
#include "plain_name.hpp"

namespace thane::internal {

namespace {

using Bytes = std::span<const std::byte>;

constexpr const char* own_program = "/proc/self/exe";

// Where the program was mapped by prepare(); written once, before handlers are installed.
constinit Bytes program;

// The descriptor is closed at once: the mapping holds the file.
Bytes map_file(const char* path) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return {};
  }
  struct stat status {};
  void* mapped = MAP_FAILED;
  if (::fstat(fd, &status) == 0 && status.st_size > 0) {
    mapped =
        ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  }
  ::close(fd);
  if (mapped == MAP_FAILED) {
    return {};
  }
  return {static_cast<const std::byte*>(mapped), static_cast<std::size_t>(status.st_size)};
}

// A library may have been replaced since it was loaded, and then names something else: its head, of
// which a part tells where everything is, must be what is in memory.
bool is_what_runs(Bytes file, std::uintptr_t loaded_at) noexcept {
  return file.size() >= sizeof(ElfW(Ehdr)) &&
         std::memcmp(file.data(), reinterpret_cast<const void*>(loaded_at), sizeof(ElfW(Ehdr))) ==
             0;
}

struct Loaded {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::uintptr_t bias = 0;
  const char* path = nullptr;  // Empty: the program.
};

// Null in `path`: none is known.
Loaded find_loaded([[maybe_unused]] std::uintptr_t address) noexcept {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
  dl_find_object found{};  // The one look-up of the dynamic linker that takes no lock.
  if (::_dl_find_object(reinterpret_cast<void*>(address), &found) == 0 &&
      found.dlfo_link_map != nullptr) {
    return {reinterpret_cast<std::uintptr_t>(found.dlfo_map_start),
            reinterpret_cast<std::uintptr_t>(found.dlfo_map_end), found.dlfo_link_map->l_addr,
            found.dlfo_link_map->l_name};
  }
#endif
  return {};
}

std::string_view file_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

void Symbolizer::prepare() noexcept {
  if (program.empty()) {
    program = map_file(own_program);
  }
}

Symbolizer::~Symbolizer() {
  for (std::size_t i = 0; i < used_; ++i) {
    const Bytes mapped = modules_[i].mapped;
    if (!mapped.empty() && mapped.data() != program.data()) {
      ::munmap(const_cast<std::byte*>(mapped.data()), mapped.size());
    }
  }
}

const Symbolizer::Module* Symbolizer::module_of(std::uintptr_t address) noexcept {
  for (std::size_t i = 0; i < used_; ++i) {
    if (address >= modules_[i].begin && address < modules_[i].end) {
      return &modules_[i];
    }
  }
  const Loaded loaded = find_loaded(address);
  if (loaded.path == nullptr || used_ == modules_.size()) {
    return nullptr;
  }
  Module& module = modules_[used_++];
  module.begin = loaded.begin;
  module.end = loaded.end;
  module.bias = loaded.bias;
  module.path = loaded.path;
  const bool is_program = *loaded.path == '\0';
  module.mapped =
      is_program ? (program.empty() ? map_file(own_program) : program) : map_file(loaded.path);
  if (is_program || is_what_runs(module.mapped, module.begin)) {
    module.symbols = ElfSymbols{module.mapped};
  }
  return &module;
}

std::string_view Symbolizer::path_of(const Module& module) noexcept {
  if (*module.path != '\0') {
    return module.path;
  }
  if (program_path_size_ == 0) {
    const ssize_t length = ::readlink(own_program, program_path_.data(), program_path_.size());
    program_path_size_ = length > 0 ? static_cast<std::size_t>(length) : 0;
  }
  return program_path_size_ == 0 ? std::string_view{"program"}
                                 : std::string_view{program_path_.data(), program_path_size_};
}

ElfSymbols::Function Symbolizer::function_at(std::uintptr_t address,
                                             const Module& module) noexcept {
  Known& known = known_[address / 4 % known_.size()];
  if (known.address != address) {
    known = {address, module.symbols.find(address - module.bias)};
  }
  return known.function;
}

std::string_view Symbolizer::describe(std::uintptr_t address, std::span<char> out) noexcept {
  const Module* const module = module_of(address);
  if (module == nullptr) {
    return format_into(out, "{:#x}", address);
  }
  const std::uintptr_t in_file = address - module->bias;
  const std::string_view path = path_of(*module);
  const ElfSymbols::Function function = function_at(address, *module);
  if (function.name.empty()) {
    return format_into(out, "{} + {:#x}", path, in_file);
  }
  std::array<char, 400> name;
  return format_into(out, "{} + {:#x} ({}+{:#x})", plain_name(function.name, name),
                     in_file - function.address, file_name(path), in_file);
}

}  // namespace thane::internal
