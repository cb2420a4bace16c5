// A ticking, stubborn service in a world where each look at the wall clock shows another day.
//
//   jumping_clock WORKERS [options of the launcher]
//
// The functions below stand in front of the C library's: the calendar leaps a day ahead, then a day
// back, at each call, for all code of the process. What decides by the monotonic clock sees nothing
// of it. A timer made on the wall clock could not be led astray like this and ends the process.
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>

namespace {

using namespace std::chrono_literals;

constexpr time_t one_day = 24 * 60 * 60;
std::atomic<int> looks{0};

time_t leap() {
  return looks.fetch_add(1) % 2 == 0 ? one_day : -one_day;
}

bool is_calendar(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

class Tick final : public thane::Service {
  void start() override {
    group().add_timer(50ms, [] { thane::log::info("tick"); });
    group().spawn([] {
      for (;;) {
        thane::this_fiber::sleep_for(1h);
      }
    });
  }
};

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && is_calendar(clock)) {
    time->tv_sec += leap();
  }
  return result;
}

int gettimeofday(struct timeval* time, void*) noexcept {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) {
    *result = now.tv_sec;
  }
  return now.tv_sec;
}

int timerfd_create(int clock, int flags) noexcept {
  if (is_calendar(clock)) {
    std::fputs("a timer on the wall clock\n", stderr);
    std::abort();
  }
  return static_cast<int>(::syscall(SYS_timerfd_create, clock, flags));
}

}  // extern "C"

int main(int argc, char** argv) {
  const int workers = argc > 1 ? std::atoi(argv[1]) : 2;
  argv[1] = argv[0];
  const auto config =
      thane::Config::from_command_line(argc - 1, argv + 1, {thane::launcher_options()});
  auto launcher = thane::launch(config, std::make_unique<Tick>(), {.workers = workers});
  return launcher->wait();
}
