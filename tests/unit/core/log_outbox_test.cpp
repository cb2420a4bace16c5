#include "log/outbox.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace thane::log::internal;
using std::chrono::milliseconds;

// A reader that the test opens and closes like a tap.
struct Reader {
  Put answer = Put::done;
  std::vector<std::string> got;
  int puts = 0;
  int waits = 0;
  std::uint64_t progress = 0;
  int progressing_waits = 0;  // So many waits see others' lines go, and then there is room.
  int room = -1;              // After so many lines it is full; -1: never.
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(Reader& reader) : reader_(reader) {}

  Put put(std::string_view line) noexcept override {
    ++reader_.puts;
    if (reader_.room == 0) {
      return Put::full;
    }
    if (reader_.answer == Put::done) {
      reader_.got.emplace_back(line);
      reader_.room -= reader_.room > 0 ? 1 : 0;
    }
    return reader_.answer;
  }
  bool wait(milliseconds) noexcept override {
    ++reader_.waits;
    if (reader_.progressing_waits > 0) {
      ++reader_.progress;
      reader_.answer = --reader_.progressing_waits == 0 ? Put::done : Put::full;
    }
    return false;
  }
  [[nodiscard]] std::uint64_t progress() const noexcept override { return reader_.progress; }

 private:
  Reader& reader_;
};

class Fixture {
 public:
  Reader reader;
  Outbox outbox{std::make_unique<FakeSink>(reader),
                [](std::size_t count) { return std::to_string(count) + " dropped"; },
                {.bytes = 10, .patience = milliseconds{20}}};
};

using Lines = std::vector<std::string>;

TEST_CASE_FIXTURE(Fixture, "a line goes straight to its sink") {
  outbox.send("one");
  CHECK(reader.got == Lines{"one"});
  CHECK(reader.puts == 1);
  CHECK(outbox.waiting() == 0);
}

TEST_CASE_FIXTURE(Fixture, "while the sink is full lines wait, and then go in order") {
  reader.answer = Put::full;
  outbox.send("one");
  outbox.send("two");
  CHECK(outbox.waiting() == 2);
  reader.answer = Put::done;
  outbox.send("three");
  CHECK(reader.got == Lines{"one", "two", "three"});
}

TEST_CASE_FIXTURE(Fixture, "a stuck sink is waited for once, not at every line") {
  reader.answer = Put::full;
  for (int i = 0; i < 100; ++i) {
    outbox.send("line");
  }
  CHECK(reader.waits == 1);
  CHECK(reader.puts == 101);
}

TEST_CASE_FIXTURE(Fixture, "a slow sink is waited for as long as it takes others' lines") {
  reader.answer = Put::full;
  reader.progressing_waits = 5;
  outbox.send("line");
  CHECK(reader.got == Lines{"line"});
  CHECK(reader.waits == 5);
}

TEST_CASE_FIXTURE(Fixture, "a sink that took a line again is waited for again") {
  reader.answer = Put::full;
  outbox.send("one");
  reader.answer = Put::done;
  outbox.send("two");
  reader.answer = Put::full;
  outbox.send("three");
  CHECK(reader.waits == 2);
}

TEST_CASE_FIXTURE(Fixture, "past the limit lines are dropped, and their number is told in place") {
  reader.answer = Put::full;
  outbox.send("12345");
  outbox.send("67890");
  outbox.send("lost");
  outbox.send("lost");
  CHECK(outbox.waiting() == 2);
  CHECK(outbox.dropped() == 2);
  reader.answer = Put::done;
  outbox.send("after");
  CHECK(reader.got == Lines{"12345", "67890", "2 dropped", "after"});
  CHECK(outbox.dropped() == 0);
}

TEST_CASE_FIXTURE(Fixture, "lines kept after a drop come after its report") {
  reader.answer = Put::full;
  outbox.send("12345");
  outbox.send("lost to the limit");
  reader.answer = Put::done;
  reader.room = 1;
  outbox.send("x");  // Room for one line: the first. The report and this line wait.
  CHECK(outbox.waiting() == 2);
  reader.room = -1;
  outbox.flush();
  CHECK(reader.got == Lines{"12345", "1 dropped", "x"});
}

TEST_CASE_FIXTURE(Fixture, "without a reader lines are counted and not kept, one attempt each") {
  reader.answer = Put::gone;
  outbox.send("one");
  CHECK(reader.puts == 1);
  outbox.send("two");
  CHECK(outbox.waiting() == 0);
  CHECK(outbox.dropped() == 2);
  CHECK(reader.waits == 0);
  reader.answer = Put::done;
  outbox.send("three");
  CHECK(reader.got == Lines{"2 dropped", "three"});
}

TEST_CASE_FIXTURE(Fixture, "a process just forked forgets what its parent has yet to write") {
  reader.answer = Put::full;
  outbox.send("parent's");
  outbox.forget();
  reader.answer = Put::done;
  outbox.send("own");
  CHECK(reader.got == Lines{"own"});
}

TEST_CASE_FIXTURE(Fixture, "what waits goes to the sink that replaces the stuck one") {
  reader.answer = Put::full;
  outbox.send("one");
  Reader other;
  outbox.replace(std::make_unique<FakeSink>(other));
  outbox.flush();
  CHECK(other.got == Lines{"one"});
}

}  // namespace
