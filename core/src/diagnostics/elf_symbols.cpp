#include "elf_symbols.hpp"

namespace thane::internal {

namespace {

using Bytes = std::span<const std::byte>;
using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);

// Empty if the file does not hold that much.
Bytes part(Bytes file, std::uintptr_t offset, std::uintptr_t size) noexcept {
  return offset <= file.size() && size <= file.size() - offset ? file.subspan(offset, size)
                                                               : Bytes{};
}

bool of_this_machine(const Header& header) noexcept {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) &&
         header.e_shentsize == sizeof(Section);
}

// g++ and glibc have names for the same place that nobody wrote.
bool is_better(const ElfSymbols::Function& function, const ElfSymbols::Function& than) noexcept {
  return than.name.empty() || function.address > than.address ||
         (function.address == than.address && than.name.starts_with("__") &&
          !function.name.starts_with("__"));
}

}  // namespace

ElfSymbols::ElfSymbols(Bytes file) noexcept {
  if (file.size() < sizeof(Header)) {
    return;
  }
  const auto header = read<Header>(file, 0);
  if (!of_this_machine(header)) {
    return;
  }
  const Bytes sections =
      part(file, header.e_shoff, std::uintptr_t{header.e_shnum} * sizeof(Section));
  const std::size_t count = sections.size() / sizeof(Section);
  for (std::size_t i = 0; i < count; ++i) {
    const auto section = read<Section>(sections, i);
    const bool complete = section.sh_type == SHT_SYMTAB;
    if ((complete || section.sh_type == SHT_DYNSYM) && section.sh_link < count) {
      const auto names = read<Section>(sections, section.sh_link);
      entries_ = part(file, section.sh_offset, section.sh_size);
      names_ = part(file, names.sh_offset, names.sh_size);
    }
    if (complete) {
      return;
    }
  }
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
