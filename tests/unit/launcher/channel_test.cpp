#include "channel.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <string>

#include <thane/check.hpp>

using namespace thane::internal;
using thane::UniqueFd;

namespace {

struct Pair {
  Pair() {
    int ends[2];
    thane::check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    one.reset(ends[0]);
    other.reset(ends[1]);
  }
  UniqueFd one;
  UniqueFd other;
};

TEST_CASE_FIXTURE(Pair, "words come one at a time, each with its text") {
  say(one, Word::ready);
  say(one, Word::failed, "no disk");
  const auto first = hear(other);
  REQUIRE(first);
  CHECK(first->word == Word::ready);
  CHECK(first->text.empty());
  const auto second = hear(other);
  REQUIRE(second);
  CHECK(second->word == Word::failed);
  CHECK(second->text == "no disk");
  CHECK_FALSE(hear(other));
}

TEST_CASE_FIXTURE(Pair, "a text that is too long is cut, not lost") {
  say(one, Word::failed, std::string(100'000, 'x'));
  CHECK(hear(other)->text == std::string(max_message_text, 'x'));
}

TEST_CASE_FIXTURE(Pair, "a file is handed over, closed on exec, with its content") {
  const std::string content(1'000'000, 'y');
  {
    const UniqueFd file = file_of(content);
    say(one, Word::mutate, "7", file.get());
  }
  const auto message = hear(other);
  REQUIRE(message);
  CHECK(message->text == "7");
  CHECK(content_of(message->file) == content);
  CHECK((::fcntl(message->file.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE_FIXTURE(Pair, "the end of the other is no word, and is noticed") {
  CHECK_FALSE(closed(other));
  say(one, Word::ready);
  one.reset();
  CHECK_FALSE(closed(other));  // There is still something to hear.
  CHECK(hear(other));
  CHECK(closed(other));
  CHECK_FALSE(hear(other));
  say(other, Word::restart);  // Nobody is there: no signal, no exception.
}

}  // namespace
