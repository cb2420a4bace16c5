// Any bytes as a configuration file: either values or one line that says what is wrong.
#include <thane/assert.hpp>
#include <thane/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/file_source.hpp"
#include "config/ini/ini_reader.hpp"
#include "config/resolver.hpp"
#include "fuzz_target.hpp"

namespace {

using thane::Opt;
using thane::internal::OptRegistry;

const OptRegistry& registry() {
  static const OptRegistry result{
      {{"a",
        {Opt<int>{.name = "i", .min = -10, .max = 10}, Opt<std::string>{.name = "s"},
         Opt<bool>{.name = "b"}, Opt<double>{.name = "d"}, Opt<std::chrono::seconds>{.name = "t"},
         Opt<std::chrono::milliseconds>{.name = "m"}, Opt<std::vector<std::string>>{.name = "l"}}},
       {"", {Opt<std::string>{.name = "s"}, Opt<int>{.name = "n", .deprecated_name = "o"}}}}};
  return result;
}

void check_reader(std::string_view text) {
  const auto ini = thane::internal::read_ini(text);
  int line = 0;
  for (const auto& entry : ini.entries) {
    THANE_ASSERT(entry.line > line);
    THANE_ASSERT(!entry.key.empty() && !entry.section.empty());
    line = entry.line;
  }
  if (ini.error) {
    THANE_ASSERT(ini.error->line >= line);
    THANE_ASSERT(ini.error->message.find('\n') == std::string::npos);
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"[a]\ni = 7\ns: text # not a comment\n# a comment\nb = yes\n",
          "\xef\xbb\xbf[DEFAULT]\r\ns = $n and ${a.s} and $$\r\no = 3\r\n",
          "[a]\nl = one, two\nl = three\n    four\n; gone\n\tfive\n\nd = 1e3\nt = 2m\nm = 1.5\n",
          "[a]\ni = eleven\n",
          "[a]\ns = ${a.s}\n[a]\n",
          "s = before any group\n[unclosed"};
}

std::string fuzz_alphabet() {
  return "\r\n\t []=:#;$${}.,\\-+019eEabdilmnost";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_reader(text);
  thane::internal::Warnings warnings;
  try {
    const auto layer = thane::internal::layer_from_ini(registry(), text, "f", warnings);
    const auto resolved = thane::internal::resolve(registry(), {layer});
    THANE_ASSERT(resolved.values.size() == registry().options().size());
  } catch (const thane::config_error& error) {
    const std::string_view message{error.what()};
    THANE_ASSERT(message.starts_with("f:"));
    THANE_ASSERT(message.find('\n') == message.npos);
  }
  return 0;
}
