// The corpus of raw HTTP/1.1 request streams in tests/data/http-corpus, and the judge of a server.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace thane::testing {

/// What a correct server sees of one request.
struct CorpusRequest {
  std::string method, target, body;
};

/// One stream of octets and what may become of it; tests/data/http-corpus/README.md has the fields.
struct CorpusCase {
  std::string id, raw, kind, level, after, notes, forbidden_target;
  std::size_t min_ok = 0, max_ok = 0;
  bool half_close = false;  ///< The stream is cut: nothing follows it.
  std::vector<CorpusRequest> expected;

  /// What to send: the stream, and behind it a well-formed request for `probe_target`, unless it is
  /// cut.
  [[nodiscard]] std::string stream() const;
};

inline constexpr std::string_view probe_target = "/corpus-probe";

[[nodiscard]] std::vector<CorpusCase> load_corpus(const std::string& path);

struct CorpusAnswer {
  int status = 0;
  bool final = true;
  std::string body;
};

/// Takes what a server sent apart. `methods` that are HEAD are not in the corpus. Throws
/// std::runtime_error if it is not a sequence of complete HTTP answers.
[[nodiscard]] std::vector<CorpusAnswer> parse_answers(std::string_view octets);

/// The request that an answer tells of, in one line.
[[nodiscard]] std::string echo_body(std::string_view method, std::string_view target,
                                    std::string_view body);

/// How the server under test tells what it has seen of a request.
struct CorpusDialect {
  /// The body of an answer as echo_body() has it.
  std::function<std::string(std::string_view body)> seen;
  /// What it has to say of a target.
  std::function<std::string(std::string_view target)> target;
  /// What is in the answer to the probe, and in no other.
  std::string probe;
};

/// Every request is answered with echo_body().
[[nodiscard]] CorpusDialect echo_dialect();
/// Every request is answered with what tests/contract/http_contract.cpp says of it: JSON, with the
/// path decoded and nothing of the host.
[[nodiscard]] CorpusDialect contract_dialect();

/// Empty if `received` is right for the case, else what is wrong with it.
[[nodiscard]] std::string judge(const CorpusCase& one, std::string_view received,
                                const CorpusDialect& dialect = echo_dialect());

}  // namespace thane::testing
