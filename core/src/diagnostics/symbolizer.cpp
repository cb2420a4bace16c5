#include "symbolizer.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <thane/unique_fd.hpp>

#include "format_into.hpp"
#include "page_size.hpp"
#include "plain_name.hpp"

namespace thane::internal {

namespace {

using Bytes = std::span<const std::byte>;

constexpr const char* own_program = "/proc/self/exe";

// That of prepare(); written once, before handlers are installed.
constinit MappedSymbols program;

// A part of a file, which need not begin where a page does.
Bytes map_part(int fd, std::uintptr_t file_size, ElfTables::Part part) noexcept {
  if (part.size == 0 || part.offset > file_size || part.size > file_size - part.offset) {
    return {};
  }
  const std::uintptr_t before = part.offset % page_size();
  void* const mapped = ::mmap(nullptr, before + part.size, PROT_READ, MAP_PRIVATE, fd,
                              static_cast<off_t>(part.offset - before));
  return mapped == MAP_FAILED ? Bytes{}
                              : Bytes{static_cast<const std::byte*>(mapped) + before, part.size};
}

void unmap_part(Bytes part) noexcept {
  if (!part.empty()) {
    const std::uintptr_t before = reinterpret_cast<std::uintptr_t>(part.data()) % page_size();
    ::munmap(const_cast<std::byte*>(part.data() - before), part.size() + before);
  }
}

// A library may have been replaced since it was loaded, and then names something else: its head, of
// which a part tells where everything is, must be what is in memory.
bool is_what_runs(int fd, const void* loaded) noexcept {
  std::array<std::byte, sizeof(elf::Header)> head;
  return ::pread(fd, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
         std::memcmp(head.data(), loaded, head.size()) == 0;
}

// Only the tables: a program with all that debuggers want to know of it is large. The descriptor is
// closed at once, the mappings hold the file. `loaded`: null if the file is certain.
MappedSymbols map_symbols(const char* path, const void* loaded) noexcept {
  const UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 ||
      (loaded != nullptr && !is_what_runs(fd.get(), loaded))) {
    return {};
  }
  const auto tables = find_elf_tables([&fd](std::uintptr_t offset, std::span<std::byte> out) {
    return ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(out.size());
  });
  const auto size = static_cast<std::uintptr_t>(status.st_size);
  return {map_part(fd.get(), size, tables.entries), map_part(fd.get(), size, tables.names)};
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
  if (program.entries.empty()) {
    program = map_symbols(own_program, nullptr);
  }
}

Symbolizer::~Symbolizer() {
  for (std::size_t i = 0; i < used_; ++i) {
    const MappedSymbols& symbols = modules_[i].symbols;
    if (symbols.entries.data() != program.entries.data()) {
      unmap_part(symbols.entries);
      unmap_part(symbols.names);
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
  if (*loaded.path != '\0') {
    module.symbols = map_symbols(loaded.path, reinterpret_cast<const void*>(loaded.begin));
  } else {
    module.symbols = program.entries.empty() ? map_symbols(own_program, nullptr) : program;
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
