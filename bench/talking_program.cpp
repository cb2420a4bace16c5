#include "talking_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

struct Pipe {
  UniqueFd out;
  UniqueFd in;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  check(::pipe2(fds.data(), O_CLOEXEC), "pipe2");
  return {.out = UniqueFd{fds[0]}, .in = UniqueFd{fds[1]}};
}

}  // namespace

TalkingProgram::TalkingProgram(const std::vector<std::string>& command,
                               const std::filesystem::path& log)
    : name_(command.at(0)) {
  Pipe questions = make_pipe();
  Pipe answers = make_pipe();
  program_.emplace(
      command,
      ProgramOptions{.log = log, .input = questions.out.get(), .output = answers.in.get()});
  to_ = std::move(questions.in);
  from_ = std::move(answers.out);
}

void TalkingProgram::tell(const std::string& line) {
  const std::string text = line + "\n";
  check(::write(to_.get(), text.data(), text.size()), "write");
}

std::string TalkingProgram::hear() {
  constexpr int patience = 20'000;
  std::string line;
  for (;;) {
    pollfd wanted{from_.get(), POLLIN, 0};
    if (check(::poll(&wanted, 1, patience), "poll") == 0) {
      throw std::runtime_error(name_ + " does not answer");
    }
    char next = 0;
    if (check(::read(from_.get(), &next, 1), "read") == 0) {
      throw std::runtime_error(name_ + " has ended");
    }
    if (next == '\n') return line;
    line += next;
  }
}

}  // namespace thane::bench
