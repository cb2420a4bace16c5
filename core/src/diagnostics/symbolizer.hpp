// Addresses of code as people know it: function, program or library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "elf_symbols.hpp"

namespace thane::internal {

/// The tables of a file, mapped; empty if that could not be. Trivial, so that it may be static.
struct MappedSymbols {
  std::span<const std::byte> entries;
  std::span<const std::byte> names;

  [[nodiscard]] ElfSymbols::Function find(std::uintptr_t address) const noexcept {
    return ElfSymbols{entries, names}.find(address);
  }
};

/// Names functions, those of other files' anonymous namespaces as well, by the symbol tables of the
/// program and its libraries, which it maps when they are needed and lets go at its end.
///
/// Safe in signal handlers: allocates nothing, takes no lock, does nothing that could fail. About
/// 8 KiB of stack.
class Symbolizer {
 public:
  Symbolizer() noexcept = default;
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  /// Maps the program's own table for as long as the process lives, so that its functions have
  /// names even where /proc cannot be read or no descriptor is left. Not for handlers.
  static void prepare() noexcept;

  /// `shop::Stock::get + 0x1c (shop+0x8f1c)`: what is behind the name in the parentheses is what
  /// addr2line -e takes. Without a name `/usr/lib/libx.so + 0x8f1c`; outside of all modules
  /// `0x7f1200001234`. Refers to `out` and is cut where that ends.
  [[nodiscard]] std::string_view describe(std::uintptr_t address, std::span<char> out) noexcept;

 private:
  struct Module {
    std::uintptr_t begin = 0;  // Where it is loaded.
    std::uintptr_t end = 0;
    std::uintptr_t bias = 0;  // What to take from an address to have it as the file counts.
    MappedSymbols symbols;
    const char* path = nullptr;  // Of the dynamic linker's; empty: the program.
  };
  struct Known {
    std::uintptr_t address = 0;
    ElfSymbols::Function function;
  };

  const Module* module_of(std::uintptr_t address) noexcept;
  std::string_view path_of(const Module& module) noexcept;
  ElfSymbols::Function function_at(std::uintptr_t address, const Module& module) noexcept;

  std::array<Module, 48> modules_;
  std::size_t used_ = 0;
  std::array<char, 256> program_path_;
  std::size_t program_path_size_ = 0;
  std::array<Known, 64> known_;  // By their addresses: fibers' stacks have much in common.
};

}  // namespace thane::internal
