#include "rpc_load.hpp"

#include <algorithm>
#include <cstdio>

namespace thane::bench {

std::string Round::summary() {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  std::sort(times_.begin(), times_.end());
  const std::size_t count = times_.size();
  char text[100];
  (void)std::snprintf(text, sizeof text, "%zu %.6f %.1f %.1f", count, seconds,
                      static_cast<double>(count == 0 ? 0 : times_[count / 2]),
                      static_cast<double>(count == 0 ? 0 : times_[count * 99 / 100]));
  return text;
}

void serve_rounds(const std::function<void(Round&)>& run) {
  std::size_t outstanding = 0;
  double seconds = 0;
  while (std::scanf("%zu %lf", &outstanding, &seconds) == 2) {
    Round round{outstanding, seconds};
    run(round);
    std::printf("%s\n", round.summary().c_str());
    std::fflush(stdout);
  }
}

}  // namespace thane::bench
