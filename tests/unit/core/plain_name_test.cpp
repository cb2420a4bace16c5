// Mangled names as people write them, compared with the C++ library's own demangler.
#include <cxxabi.h>
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <link.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thane/internal/read_file.hpp>
#include <typeinfo>
#include <utility>
#include <vector>

#include "diagnostics/elf_symbols.hpp"
#include "diagnostics/plain_name.hpp"

using thane::internal::ElfSymbols;

namespace {

std::string plain(std::string_view symbol) {
  std::array<char, 16384> room;
  return std::string{thane::internal::plain_name(symbol, room)};
}

std::string plain_type(std::string_view type) {
  std::array<char, 256> room;
  return std::string{thane::internal::plain_type_name(type, room)};
}

// --- What is left of a demangled name without its arguments.

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// The end of the group of brackets that begins at `begin`. Parentheses may hold a "greater than".
std::size_t end_of_group(const std::string& text, std::size_t begin) {
  const char open = text[begin];
  const char close = open == '(' ? ')' : '>';
  std::size_t at = begin + 1;
  while (at < text.size() && text[at] != close) {
    if (text[at] == '(' || text[at] == open) {
      at = end_of_group(text, at);
    } else {
      at += text[at] == '-' ? 2 : 1;  // No arrow.
    }
  }
  return at + 1;
}

std::string without_arguments(std::string text) {
  // Brackets that are none.
  const std::pair<std::string_view, std::string_view> special[] = {
      {"(anonymous namespace)", "\x01"},
      {"operator<=>", "\x02"},
      {"operator<<=", "\x03"},
      {"operator>>=", "\x04"},
      {"operator->*", "\x05"},
      {"operator<<", "\x06"},
      {"operator>>", "\x07"},
      {"operator<=", "\x0e"},
      {"operator>=", "\x0f"},
      {"operator->", "\x10"},
      {"operator()", "\x11"},
      {"operator<", "\x12"},
      {"operator>", "\x13"},
      {"operator\"\" ", "\x1d"},
      {"operator ", "\x14"},
      {"thunk to ", "\x15"},
      {"non-virtual \x15", "\x16"},
      {"virtual \x15", "\x17"},
      {"decltype(nullptr)", "\x18"},
      {"TLS init function for ", "\x19"},
      {"TLS wrapper function for ", "\x1c"},
      {"{default arg#", "\x1b"},
      {"{unnamed type#", "\x1a"}};
  for (const auto& [what, by] : special) {
    replace_all(text, what, by);
  }
  replace_all(text, "[abi:cxx11]", "");
  std::string result;
  bool in_braces = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    in_braces = c == '{' || (in_braces && c != '}');
    if (c != '(' && c != '<') {
      result += c;
      ++at;
      continue;
    }
    if (c == '(' && (text[at + 1] == '&' || text[at + 1] == '*')) {
      return {};  // It returns a reference to an array, which is written around the name.
    }
    if (result.ends_with(' ') && c == '<') result.pop_back();  // operator< <int>
    result += c == '<' && !in_braces ? "<...>" : "";
    at = end_of_group(text, at);
    for (const std::string_view qualifier : {" const", " volatile", " &&", " &", " noexcept"}) {
      if (c == '(' && std::string_view{text}.substr(at).starts_with(qualifier)) {
        at += qualifier.size();
      }
    }
  }
  result = result.substr(0, result.find(" [clone"));
  const auto name = result.rfind(' ', result.find('\x14'));  // Before it is what it returns.
  result.erase(0, name == result.npos ? 0 : name + 1);
  for (const auto& [what, by] : special) {
    replace_all(result, by, what);
  }
  for (const auto& [what, by] : special) {  // Those that are made of others.
    replace_all(result, by, what);
  }
  return result;
}

std::optional<std::string> demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0) {
    return std::nullopt;
  }
  return without_arguments(name.get());
}

// --- The names of this program and of all the libraries that it uses.

std::set<std::string> mangled_names() {
  // std::ostream::ostream is longer there: std::basic_ostream<...>::basic_ostream. A constructor
  // that was inherited has the name of the base there, the destructor of a lambda that of whatever
  // was named last in its arguments.
  // What compares in its arguments has a < that without_arguments() takes for a bracket. The type
  // of an expression with commas our parser does not read: such a name is shown as it is mangled.
  const std::regex called_otherwise{
      "NS[siod][CD][0-9]|CI[12]|E[0-9]*_[CD][0-9]|X(aa|le|lt|gt)|DTcm"};
  std::vector<std::string> paths;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* all) {
        const std::string path = info->dlpi_name;
        static_cast<std::vector<std::string>*>(all)->push_back(path.empty() ? "/proc/self/exe"
                                                                            : path);
        return 0;
      },
      &paths);
  std::set<std::string> names;
  for (const std::string& path : paths) {
    if (!std::filesystem::exists(path)) continue;  // The kernel's own.
    const std::string file = thane::internal::read_file(path, 1 << 30);
    ElfSymbols::of_file(std::as_bytes(std::span{file}))
        .for_each([&](const ElfSymbols::Function& function) {
          const std::string name{function.name.substr(0, function.name.find_first_of(".@"))};
          if (name.starts_with("_Z") && !std::regex_search(name, called_otherwise))
            names.insert(name);
        });
  }
  return names;
}

TEST_CASE("names without arguments are those of __cxa_demangle") {
  std::size_t compared = 0;
  std::size_t different = 0;
  for (const std::string& name : mangled_names()) {
    const auto expected = demangled(name);
    if (!expected || expected->empty()) {
      continue;
    }
    ++compared;
    const std::string ours = plain(name);
    const bool to_some_type =
        ours.ends_with("::operator ...") && expected->starts_with(ours.substr(0, ours.size() - 3));
    if (ours != *expected && !to_some_type) {
      if (++different < 40) MESSAGE(name << "\n ours: " << ours << "\n it:   " << *expected);
    }
  }
  MESSAGE(compared << " names compared, different: " << different);
  CHECK(compared > 1000);
  CHECK(different == 0);
}

TEST_CASE("a name is what a programmer calls it") {
  CHECK(plain("_ZN4shop5Stock3getEi") == "shop::Stock::get");
  CHECK(plain("_ZN12_GLOBAL__N_14spinEv") == "(anonymous namespace)::spin");
  CHECK(plain("_ZL9in_a_filei") == "in_a_file");
  CHECK(plain("_ZN4shop5StockIiEC2Ev") == "shop::Stock<...>::Stock");
  CHECK(plain("_ZN4shop5StockD0Ev") == "shop::Stock::~Stock");
  CHECK(plain("_ZNKSt8functionIFvvEEclEv") == "std::function<...>::operator()");
  CHECK(plain("_ZZN4shop5Stock5startEvENKUlvE0_clEv") ==
        "shop::Stock::start::{lambda#2}::operator()");
  CHECK(plain("_ZN4shop5StockcvbEv") == "shop::Stock::operator bool");
  CHECK(plain("_ZN4shoplsERSoRKNS_5StockE") == "shop::operator<<");
  CHECK(plain("_ZN4shop5StockcvS0_Ev") == "shop::Stock::operator ...");
}

TEST_CASE("the suffix of what the compiler split off stays") {
  CHECK(plain("_ZN4shop5Stock3getEi.cold") == "shop::Stock::get.cold");
  CHECK(plain("_ZN4shop5Stock3getEi.part.0.isra.0") == "shop::Stock::get.part.0.isra.0");
}

TEST_CASE("what is no mangled name, or not understood, stays as it is") {
  for (const char* name : {"main", "", "_Z", "_ZN", "_Z3ab", "_ZTV5Stock", "_ZN4shop5StockC",
                           "_ZNS_3getEv", "_Z99999999999999999999x"}) {
    CHECK(plain(name) == std::string{name});
  }
}

TEST_CASE("a name that does not fit is cut") {
  std::array<char, 12> room;
  CHECK(thane::internal::plain_name("_ZN4shop5Stock3getEi", room) == "shop::Sto...");
  CHECK(thane::internal::plain_name("_ZN4shop5Stock3getEi", {room.data(), 2}) == "..");
}

TEST_CASE("names nested without end cost no more stack than there is") {
  const std::string deep(100'000, 'P');
  CHECK(plain("_Z1fI" + deep + "iEvv") == "_Z1fI" + deep + "iEvv");
  std::string lists;
  for (int i = 0; i < 10'000; ++i) lists += "1fI";
  CHECK(plain("_Z" + lists) == "_Z" + lists);
}

TEST_CASE("types have plain names, too") {
  CHECK(plain_type(typeid(std::runtime_error).name()) == "std::runtime_error");
  CHECK(plain_type(typeid(int).name()) == "int");
  CHECK(plain_type(typeid(const char*).name()) == "char const*");
  CHECK(plain_type(typeid(std::vector<int>).name()) == "std::vector<...>");
  CHECK(plain_type(typeid(ElfSymbols).name()) == "thane::internal::ElfSymbols");
  CHECK(plain_type("?") == "?");
}

}  // namespace
