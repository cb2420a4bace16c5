// The functions that an ELF file names, by their addresses.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace thane::internal {

/// A view of a file in memory: its .symtab, which names static functions as well, else its .dynsym.
/// A file that is none of this machine's ELF files, or is damaged, has no functions. Allocates
/// nothing and takes no lock.
class ElfSymbols {
 public:
  struct Function {
    std::string_view name;  ///< Mangled; empty: none was found.
    std::uintptr_t address = 0;
    std::uintptr_t size = 0;
  };

  ElfSymbols() noexcept = default;  ///< Of no file.
  explicit ElfSymbols(std::span<const std::byte> file) noexcept;

  /// The innermost function that this address, as the file counts them, is in.
  [[nodiscard]] Function find(std::uintptr_t address) const noexcept;

  /// Calls visit(function) for each of them.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (const Entry entry = read<Entry>(entries_, i); is_function(entry)) {
        visit(function(entry));
      }
    }
  }

 private:
  using Bytes = std::span<const std::byte>;
  using Entry = ElfW(Sym);

  template <class Record>
  [[nodiscard]] static Record read(Bytes records, std::size_t index) noexcept {
    Record record;  // By a copy: nothing says that a file is aligned.
    std::memcpy(&record, records.data() + index * sizeof record, sizeof record);
    return record;
  }
  [[nodiscard]] static bool is_function(const Entry& entry) noexcept {
    const unsigned type = entry.st_info & 0xfU;
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && entry.st_shndx != SHN_UNDEF &&
           entry.st_size > 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() / sizeof(Entry); }
  [[nodiscard]] Function function(const Entry& entry) const noexcept;

  Bytes entries_;
  Bytes names_;
};

}  // namespace thane::internal
