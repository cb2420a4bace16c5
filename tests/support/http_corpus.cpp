#include "support/http_corpus.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace thane::testing {

namespace {

std::string decode_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) break;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffffu;
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  return decoded;
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("not a number: " + std::string{text});
  }
  return value;
}

std::string_view take_line(std::string_view& octets) {
  const auto end = octets.find("\r\n");
  if (end == std::string_view::npos) throw std::runtime_error("an answer is cut off in a line");
  const auto line = octets.substr(0, end);
  octets.remove_prefix(end + 2);
  return line;
}

std::string take(std::string_view& octets, std::size_t size) {
  if (octets.size() < size) throw std::runtime_error("an answer's body is cut off");
  const std::string taken{octets.substr(0, size)};
  octets.remove_prefix(size);
  return taken;
}

std::string take_chunks(std::string_view& octets) {
  std::string body;
  for (;;) {
    const auto size = number(take_line(octets), 16);
    body += take(octets, size);
    if (!take_line(octets).empty()) throw std::runtime_error("a chunk does not end with CRLF");
    if (size == 0) return body;
  }
}

// Characters up to U+00FF as the octets that they stand for.
std::string octets_of(std::string_view utf8) {
  std::string octets;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      octets.push_back(utf8[i]);
    } else if (i + 1 < utf8.size()) {
      const auto next = static_cast<unsigned char>(utf8[++i]);
      octets.push_back(static_cast<char>((c & 0x03) << 6 | (next & 0x3f)));
    }
  }
  return octets;
}

std::string seen_by_contract(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("contract_echo")) return std::string{body};
  std::string target = octets_of(json.at("path").get<std::string>());
  const std::string query = octets_of(json.at("query").get<std::string>());
  if (!query.empty()) target += "?" + query;
  return echo_body(json.at("method").get<std::string>(), target,
                   decode_base64(json.value("body_b64", "")));
}

// What is left of a target for an application: no scheme, no host, a path that is decoded.
std::string target_for_contract(std::string_view target) {
  if (const auto scheme = target.find("://"); scheme != target.npos && target[0] != '/') {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  const auto path = target.substr(0, target.find('?'));
  std::string seen;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size()) {
      seen.push_back(static_cast<char>(number(path.substr(i + 1, 2), 16)));
      i += 2;
    } else {
      seen.push_back(path[i]);
    }
  }
  if (seen.empty()) seen = "/";
  const auto query = target.substr(path.size());
  return query.size() > 1 ? seen.append(query) : seen;
}

std::string judge_ok_answers(const CorpusCase& one, const CorpusDialect& dialect,
                             const std::vector<std::string>& bodies) {
  if (bodies.size() < one.min_ok) return "answered too few requests";
  if (bodies.size() > one.max_ok) return "answered too many requests";
  if (one.kind != "must_accept") return {};
  for (std::size_t i = 0; i < bodies.size() && i < one.expected.size(); ++i) {
    const auto& [method, target, body] = one.expected[i];
    if (bodies[i] != echo_body(method, dialect.target(target), body))
      return "saw another request: " + bodies[i];
  }
  return {};
}

}  // namespace

std::string CorpusCase::stream() const {
  if (half_close) return raw;
  return raw + "GET " + std::string{probe_target} + " HTTP/1.1\r\nHost: probe.example\r\n\r\n";
}

std::vector<CorpusCase> load_corpus(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<CorpusCase> cases;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    CorpusCase one;
    one.id = json.at("id");
    one.raw = decode_base64(json.at("raw").get<std::string>());
    one.kind = json.at("class");
    one.level = json.at("level");
    one.after = json.at("after");
    one.notes = json.at("notes");
    one.forbidden_target = json.value("forbid_target", "");
    one.min_ok = json.at("min_ok");
    one.max_ok = json.at("max_ok");
    one.half_close = json.value("fin", false);
    for (const auto& request : json.at("expect")) {
      one.expected.push_back(
          {request.at(0), request.at(1), decode_base64(request.at(2).get<std::string>())});
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<CorpusAnswer> parse_answers(std::string_view octets) {
  std::vector<CorpusAnswer> answers;
  while (!octets.empty()) {
    const auto status_line = take_line(octets);
    if (status_line.substr(0, 9) != "HTTP/1.1 ") throw std::runtime_error("not a status line");
    CorpusAnswer answer;
    answer.status = static_cast<int>(number(status_line.substr(9, 3), 10));
    answer.final = answer.status >= 200;
    std::size_t length = 0;
    bool chunked = false;
    for (auto line = take_line(octets); !line.empty(); line = take_line(octets)) {
      if (line.substr(0, 16) == "Content-Length: ") length = number(line.substr(16), 10);
      if (line == "Transfer-Encoding: chunked") chunked = true;
    }
    answer.body = chunked ? take_chunks(octets) : take(octets, length);
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::string echo_body(std::string_view method, std::string_view target, std::string_view body) {
  std::string echo{method};
  return echo.append(" ").append(target).append(" ").append(body);
}

CorpusDialect echo_dialect() {
  const auto as_it_is = [](std::string_view text) { return std::string{text}; };
  return {as_it_is, as_it_is, echo_body("GET", probe_target, "")};
}

CorpusDialect contract_dialect() {
  return {seen_by_contract, target_for_contract, "\"path\":\"" + std::string{probe_target} + "\""};
}

std::string judge(const CorpusCase& one, std::string_view received, const CorpusDialect& dialect) {
  std::vector<CorpusAnswer> answers;
  try {
    answers = parse_answers(received);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  const std::string probe = echo_body("GET", probe_target, "");
  std::vector<std::string> ok_bodies;
  bool probed = false;
  for (const auto& answer : answers) {
    if (!answer.final) continue;
    if (probed) return "answered after the probe";
    if (answer.status >= 500 && answer.status != 501 && answer.status != 505) {
      return "answered " + std::to_string(answer.status);
    }
    if (answer.status >= 400) continue;
    const std::string seen = dialect.seen(answer.body);
    if (seen == probe) {
      probed = true;
      continue;
    }
    const auto target = seen.find(' ') + 1;  // A body may hold the forbidden one, too.
    const std::string forbidden = dialect.target(one.forbidden_target) + " ";
    if (!one.forbidden_target.empty() && seen.compare(target, forbidden.size(), forbidden) == 0) {
      return "answered the smuggled request";
    }
    ok_bodies.push_back(seen);
  }
  if (one.after == "must" && !probed) return "did not answer the next request";
  if (one.after == "must_not" && probed) return "answered a request that must not be seen";
  return judge_ok_answers(one, dialect, ok_bodies);
}

}  // namespace thane::testing
