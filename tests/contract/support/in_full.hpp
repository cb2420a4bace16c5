// The words of http_contract for its server's options.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace contract {

/// The words of this program are short for those of its server, which has all of them in its
/// configuration, to be read again on SIGHUP.
[[nodiscard]] inline std::vector<std::string> in_full(int argc, char** argv) {
  static const std::map<std::string, std::string, std::less<>> words{
      {"--port", "--web-port"},        {"--tls-cert", "--web-cert-file"},
      {"--tls-key", "--web-key-file"}, {"--tls-ca", "--web-ca-file"},
      {"--tls-sni", "--web-sni"},      {"--tls-client-cert", "--web-client-cert"},
  };
  std::vector<std::string> all;
  for (const std::string word : std::span{argv, static_cast<std::size_t>(argc)}) {
    const auto end = std::min(word.find('='), word.size());
    const auto known = words.find(std::string_view{word}.substr(0, end));
    all.push_back(known == words.end() ? word : known->second + word.substr(end));
    if (word.starts_with("--tls-cert")) all.insert(all.end() - 1, "--web-use-ssl=true");
  }
  return all;
}

}  // namespace contract
