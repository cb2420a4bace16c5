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

/// Where a file keeps its functions and their names; sizes of zero: it has none.
struct ElfTables {
  struct Part {
    std::uintptr_t offset = 0;
    std::uintptr_t size = 0;
  };
  Part entries;
  Part names;
};

/// The .symtab of a file, which names static functions as well, else its .dynsym. `read` fills a
/// buffer from an offset in the file, `bool(std::uintptr_t offset, std::span<std::byte>)`, false if
/// there is not so much. A file that is none of this machine's ELF files, or is damaged, has no
/// tables, or parts that it has not.
template <class Read>
[[nodiscard]] ElfTables find_elf_tables(const Read& read) noexcept;

/// Functions in memory. Allocates nothing and takes no lock.
class ElfSymbols {
 public:
  struct Function {
    std::string_view name;  ///< Mangled; empty: none was found.
    std::uintptr_t address = 0;
    std::uintptr_t size = 0;
  };

  ElfSymbols() noexcept = default;  ///< Of no file.
  ElfSymbols(std::span<const std::byte> entries, std::span<const std::byte> names) noexcept
      : entries_(entries), names_(names) {}
  /// Those of a whole file.
  [[nodiscard]] static ElfSymbols of_file(std::span<const std::byte> file) noexcept;

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

namespace elf {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);

[[nodiscard]] bool is_of_this_machine(const Header& header) noexcept;

}  // namespace elf

template <class Read>
ElfTables find_elf_tables(const Read& read) noexcept {
  const auto read_record = [&read](std::uintptr_t offset, auto& record) {
    return read(offset, std::as_writable_bytes(std::span{&record, 1}));
  };
  ElfTables found;
  elf::Header header{};
  if (!read_record(0, header) || !elf::is_of_this_machine(header)) {
    return found;
  }
  elf::Section section{};
  for (std::uintptr_t i = 0; i < header.e_shnum; ++i) {
    if (!read_record(header.e_shoff + i * sizeof section, section)) {
      return found;
    }
    const bool complete = section.sh_type == SHT_SYMTAB;
    elf::Section names{};
    if ((complete || section.sh_type == SHT_DYNSYM) && section.sh_link < header.e_shnum &&
        read_record(header.e_shoff + section.sh_link * sizeof names, names)) {
      found = {{section.sh_offset, section.sh_size}, {names.sh_offset, names.sh_size}};
      if (complete) {
        return found;
      }
    }
  }
  return found;
}

}  // namespace thane::internal
