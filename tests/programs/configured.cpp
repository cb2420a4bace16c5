// Reads its configuration, says so, and ends: for what from_command_line() prints and exits with.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thane/config.hpp>
#include <thane/log.hpp>
#include <thane/periodic_tasks.hpp>
#include <thane/wsgi/stock_parts.hpp>

int main(int argc, char** argv) {
  using thane::Opt;
  const auto config = thane::Config::from_command_line(
      argc, argv,
      thane::wsgi::with_stock_options(
          {thane::periodic_task_options(),
           {"web",
            {Opt<int>{.name = "workers", .default_value = 2, .help = "How many.", .min = 1},
             Opt<std::string>{.name = "password", .secrecy = thane::Secrecy::secret}},
            [](const thane::Config& read) {
              const bool weak = read.get<std::string>("web.password") == "secret";
              if (weak) throw std::runtime_error("web.password: everybody guesses that one");
            }}}));
  thane::log::debug("debugging");
  std::printf("workers=%d\n", config.get<int>("web.workers"));
}
