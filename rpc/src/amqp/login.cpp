#include "login.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol.hpp"
#include "table.hpp"
#include "wire.hpp"

namespace thane::rpc::amqp {

namespace {

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (word == wanted) return true;
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return false;
}

std::string_view name_of(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::plain:
      return "PLAIN";
    case Mechanism::amqplain:
      return "AMQPLAIN";
    case Mechanism::external:
      return "EXTERNAL";
    case Mechanism::rabbit_cr_demo:
      return "RABBIT-CR-DEMO";
  }
  return "";
}

// A table without the size before it.
std::string amqplain(const Credentials& credentials) {
  std::string text;
  Writer to{text};
  Table table;
  table.fields.emplace_back("LOGIN", Value{credentials.user});
  table.fields.emplace_back("PASSWORD", Value{credentials.password});
  write_table(to, table);
  return text.substr(sizeof(std::uint32_t));
}

std::string response_of(Mechanism mechanism, const Credentials& credentials) {
  switch (mechanism) {
    case Mechanism::plain:
      return std::string(1, '\0') + credentials.user + '\0' + credentials.password;
    case Mechanism::amqplain:
      return amqplain(credentials);
    case Mechanism::rabbit_cr_demo:
      return credentials.user;
    case Mechanism::external:
      break;
  }
  return {};
}

}  // namespace

FirstResponse log_in(const Credentials& credentials, std::string_view offered) {
  Mechanism mechanism = credentials.mechanism;
  if (mechanism == Mechanism::amqplain && !has_word(offered, name_of(mechanism))) {
    mechanism = Mechanism::plain;
  }
  const std::string_view name = name_of(mechanism);
  if (!has_word(offered, name)) {
    throw protocol_error(ReplyCode::access_refused,
                         fmt::format("the broker does not take {}, only {}", name, offered));
  }
  return {name, response_of(mechanism, credentials)};
}

std::string answer_challenge(const Credentials& credentials) {
  if (credentials.mechanism != Mechanism::rabbit_cr_demo) {
    throw protocol_error(
        ReplyCode::command_invalid,
        fmt::format("a challenge, which {} does not know of", name_of(credentials.mechanism)));
  }
  return "My password is " + credentials.password;
}

}  // namespace thane::rpc::amqp
