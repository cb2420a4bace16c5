// The functions that an ELF file names: this program's own, and those of files that are damaged.
#include <doctest/doctest.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thane/internal/read_file.hpp>

#include "diagnostics/elf_symbols.hpp"

using thane::internal::ElfSymbols;

namespace {

[[gnu::noipa]] int local_function(int x) {
  asm volatile("");
  return x + 1;
}

std::string own_file() {
  return thane::internal::read_file("/proc/self/exe", 1 << 30);
}

ElfSymbols symbols_of(std::string_view file) {
  return ElfSymbols::of_file(std::as_bytes(std::span{file}));
}

// As the file counts.
std::uintptr_t address_of_local_function() {
  std::uintptr_t bias = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
        return 1;  // The program comes first.
      },
      &bias);
  return reinterpret_cast<std::uintptr_t>(&local_function) - bias;
}

TEST_CASE("a function of an anonymous namespace is found by any address in it") {
  const std::string file = own_file();
  const ElfSymbols symbols = symbols_of(file);
  const std::uintptr_t address = address_of_local_function();
  const auto found = symbols.find(address);
  CHECK(found.name == "_ZN12_GLOBAL__N_114local_functionEi");
  CHECK(found.address == address);
  CHECK(symbols.find(address + found.size - 1).name == found.name);
  CHECK(symbols.find(address + found.size).name != found.name);
  CHECK(local_function(1) == 2);
}

TEST_CASE("an address in no function has no name") {
  const std::string file = own_file();
  CHECK(symbols_of(file).find(0).name.empty());
  CHECK(symbols_of(file).find(UINTPTR_MAX).name.empty());
  CHECK(ElfSymbols{}.find(0).name.empty());
}

TEST_CASE("each function is visited, with a name") {
  const std::string file = own_file();
  std::size_t count = 0;
  symbols_of(file).for_each(
      [&](const ElfSymbols::Function& function) { count += function.name.empty() ? 0 : 1; });
  CHECK(count > 100);
}

TEST_CASE("a file that ends early, or is no ELF file, has the functions that it has, or none") {
  const std::string file = own_file();
  const std::uintptr_t address = address_of_local_function();
  for (std::size_t size = 0; size < file.size(); size += file.size() / 100 + 1) {
    CHECK(symbols_of(std::string_view{file}.substr(0, size)).find(address).name.size() < 100);
  }
  CHECK(symbols_of("#!/bin/sh\n").find(address).name.empty());
  std::string other = file;
  other[EI_CLASS] = ELFCLASSNONE;
  CHECK(symbols_of(other).find(address).name.empty());
}

}  // namespace
