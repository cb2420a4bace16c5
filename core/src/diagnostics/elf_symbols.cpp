#include "elf_symbols.hpp"

#include <algorithm>

namespace thane::internal {

namespace {

using Bytes = std::span<const std::byte>;

// Empty if the file does not hold that much.
Bytes part_of(Bytes file, ElfTables::Part part) noexcept {
  return part.offset <= file.size() && part.size <= file.size() - part.offset
             ? file.subspan(part.offset, part.size)
             : Bytes{};
}

// g++ and glibc have names for the same place that nobody wrote.
bool is_better(const ElfSymbols::Function& function, const ElfSymbols::Function& than) noexcept {
  return than.name.empty() || function.address > than.address ||
         (function.address == than.address && than.name.starts_with("__") &&
          !function.name.starts_with("__"));
}

}  // namespace

bool elf::is_of_this_machine(const Header& header) noexcept {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) &&
         header.e_shentsize == sizeof(Section);
}

ElfSymbols ElfSymbols::of_file(Bytes file) noexcept {
  const auto tables = find_elf_tables([file](std::uintptr_t offset, std::span<std::byte> out) {
    const Bytes there = part_of(file, {offset, out.size()});
    std::ranges::copy(there, out.begin());
    return there.size() == out.size();
  });
  return {part_of(file, tables.entries), part_of(file, tables.names)};
}

ElfSymbols::Function ElfSymbols::find(std::uintptr_t address) const noexcept {
  Function best;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto entry = read<Entry>(entries_, i);
    if (entry.st_value <= address && address - entry.st_value < entry.st_size &&
        is_function(entry)) {
      if (const Function found = function(entry); !found.name.empty() && is_better(found, best)) {
        best = found;
      }
    }
  }
  return best;
}

ElfSymbols::Function ElfSymbols::function(const Entry& entry) const noexcept {
  std::string_view name;
  if (entry.st_name < names_.size()) {
    const Bytes rest = names_.subspan(entry.st_name);
    const auto* const text = reinterpret_cast<const char*>(rest.data());
    name = {text, ::strnlen(text, rest.size())};
  }
  return {name, entry.st_value, entry.st_size};
}

}  // namespace thane::internal
