// Any bytes as an ELF file: its functions, if any, have names that lie within the file.
#include <elf.h>
#include <thane/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "diagnostics/elf_symbols.hpp"
#include "fuzz_target.hpp"

namespace {

template <class Record>
void append(std::string& file, const Record& record) {
  file.append(reinterpret_cast<const char*>(&record), sizeof record);
}

// A header, one function, its name, and the sections of the two.
std::string smallest_file(std::uint32_t type) {
  constexpr std::string_view names{"\0_Z1fv\0", 7};
  ElfW(Ehdr) header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  header.e_shoff = sizeof header + sizeof(ElfW(Sym)) + names.size();
  header.e_shentsize = sizeof(ElfW(Shdr));
  header.e_shnum = 2;
  ElfW(Sym) function{};
  function.st_name = 1;
  function.st_info = STT_FUNC;
  function.st_shndx = 1;
  function.st_value = 64;
  function.st_size = 16;
  ElfW(Shdr) functions{};
  functions.sh_type = type;
  functions.sh_offset = sizeof header;
  functions.sh_size = sizeof function;
  functions.sh_link = 1;
  ElfW(Shdr) texts{};
  texts.sh_offset = sizeof header + sizeof function;
  texts.sh_size = names.size();
  std::string file;
  append(file, header);
  append(file, function);
  file += names;
  append(file, functions);
  append(file, texts);
  return file;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {smallest_file(SHT_SYMTAB), smallest_file(SHT_DYNSYM)};
}

std::string fuzz_alphabet() {
  return std::string{"\0\1\2\x10\x18\x20\x40\x7f\x80\xff", 10};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto symbols = thane::internal::ElfSymbols::of_file(std::as_bytes(std::span{data, size}));
  const auto found = symbols.find(70);
  THANE_ASSERT(found.name.empty() || (found.name.data() >= reinterpret_cast<const char*>(data) &&
                                      found.name.data() + found.name.size() <=
                                          reinterpret_cast<const char*>(data) + size));
  symbols.for_each([](const thane::internal::ElfSymbols::Function& function) {
    THANE_ASSERT(function.size > 0);
  });
  return 0;
}
