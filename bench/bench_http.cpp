// bench_http: CPU time that one request costs a server, side by side in one run.
//
//   ./bench_http [--rounds N] [--seconds S] [--connections C] [--access-log]
//
// wsgi::Server against raw_epoll (beside this program) and nginx (/usr/sbin/nginx), each in a
// process of its own on core 0, loaded by this program from core 1, in turns. Prints the median
// over the rounds of microseconds of user and system time for each request, and the ratios.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/unique_fd.hpp>
#include <thane/wsgi.hpp>
#include <thread>
#include <vector>

#include "servers.hpp"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using thane::check;
using thane::UniqueFd;
using thane::bench::cpu_milliseconds;
using thane::bench::loopback;

namespace {

struct Settings {
  int rounds = 7;
  double seconds = 1;
  std::size_t connections = 64;
  bool access_log = false;
};

struct Server {
  std::string name;
  std::uint16_t port;
  pid_t pid = 0;
  std::vector<double> microseconds;  // For each request, one a round.
};

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(0, sizeof(cores), &cores);
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const auto address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return {};
  }
  return fd;
}

[[noreturn]] void serve(std::uint16_t port, const Settings& settings) {
  thane::wsgi::ServerOptions options{.port = port};
  options.wsgi_access_log = settings.access_log;
  options.wsgi_default_pool_size = 10'000;
  thane::wsgi::Server server{
      "bench", [](thane::wsgi::Request&) { return thane::wsgi::Response::text("Hello, World!"); },
      options};
  thane::FiberLoop loop;
  loop.run([&] {
    server.start();
    server.wait();
  });
  ::_exit(0);
}

void exec_nginx(std::uint16_t port, const std::string& folder) {
  const std::string path = folder + "/nginx.conf";
  std::ofstream{path} << "daemon off; master_process off; worker_processes 1; pid " << folder
                      << "/pid; error_log " << folder << "/error.log crit;\n"
                      << "events { worker_connections 2048; }\n"
                      << "http { access_log off; keepalive_requests 1000000000; "
                      << "default_type text/plain; client_body_temp_path " << folder << "/b; "
                      << "proxy_temp_path " << folder << "/p; fastcgi_temp_path " << folder
                      << "/f; uwsgi_temp_path " << folder << "/u; scgi_temp_path " << folder
                      << "/s;\n server { listen 127.0.0.1:" << port
                      << " backlog=4096; location / { return 200 \"Hello, World!\"; } } }\n";
  ::execl("/usr/sbin/nginx", "nginx", "-c", path.c_str(), nullptr);
}

void start(Server& server, const Settings& settings, const std::string& folder) {
  server.pid = check(::fork(), "fork");
  if (server.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(0);
    if (server.name == "thane") serve(server.port, settings);
    const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "raw_epoll";
    if (server.name == "raw_epoll") {
      ::execl(beside.c_str(), "raw_epoll", std::to_string(server.port).c_str(), nullptr);
    } else {
      exec_nginx(server.port, folder);
    }
    ::_exit(127);
  }
  const auto deadline = Clock::now() + 10s;
  while (!connect_to(server.port)) {
    if (Clock::now() > deadline) throw std::runtime_error(server.name + " does not start");
    std::this_thread::sleep_for(10ms);
  }
}

// Sends `batch` requests on each connection, and again as soon as all answers to them are there.
class Load {
 public:
  Load(std::uint16_t port, std::size_t connections, int batch) : batch_(batch) {
    const std::string one = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
    for (int i = 0; i < batch; ++i) requests_ += one;
    answer_size_ = measure(port, one);
    poll_.reset(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    for (std::size_t i = 0; i < connections; ++i) {
      clients_.push_back({connect_to(port), 0});
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, clients_[i].fd.get(), &event), "epoll_ctl");
    }
  }

  // How many requests were answered.
  double run(double seconds) {
    for (auto& client : clients_) send(client);
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    double answered = 0;
    std::size_t busy = clients_.size();
    std::array<epoll_event, 256> events;
    while (busy > 0) {
      const bool more = Clock::now() < end;
      const int count = ::epoll_wait(poll_.get(), events.data(), events.size(), 5000);
      if (count <= 0) throw std::runtime_error("a server hangs");
      for (int i = 0; i < count; ++i) {
        Client& client = clients_[events[static_cast<std::size_t>(i)].data.u64];
        if (!receive(client)) continue;
        answered += batch_;
        if (more)
          send(client);
        else
          --busy;
      }
    }
    return answered;
  }

 private:
  struct Client {
    UniqueFd fd;
    std::size_t missing;  // Octets of answers.
  };

  // All answers of a server are equally long.
  static std::size_t measure(std::uint16_t port, const std::string& request) {
    const UniqueFd fd = connect_to(port);
    check(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), "send");
    std::string answer;
    std::array<char, 4096> buffer;
    while (!answer.ends_with("Hello, World!")) {
      const auto size = check(::recv(fd.get(), buffer.data(), buffer.size(), 0), "recv");
      if (size == 0) throw std::runtime_error("not the answer that was expected");
      answer.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return answer.size();
  }

  void send(Client& client) {
    client.missing = answer_size_ * static_cast<std::size_t>(batch_);
    check(::send(client.fd.get(), requests_.data(), requests_.size(), MSG_NOSIGNAL), "send");
  }

  bool receive(Client& client) {
    const auto size =
        check(::recv(client.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT), "recv");
    if (size == 0) throw std::runtime_error("a server closed a connection");
    client.missing -= static_cast<std::size_t>(size);
    return client.missing == 0;
  }

  int batch_;
  std::string requests_;
  std::size_t answer_size_ = 0;
  UniqueFd poll_;
  std::vector<Client> clients_;
  std::array<char, 65536> buffer_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

void compare(std::vector<Server>& servers, const Settings& settings, int batch) {
  for (auto& server : servers) server.microseconds.clear();
  for (int round = 0; round < settings.rounds; ++round) {
    for (auto& server : servers) {
      Load load{server.port, settings.connections, batch};
      load.run(0.1);
      const double before = cpu_milliseconds(server.pid);
      const double answered = load.run(settings.seconds);
      server.microseconds.push_back((cpu_milliseconds(server.pid) - before) * 1000 / answered);
    }
  }
  std::printf("%s, %zu connections\n", batch == 1 ? "keep-alive" : "x16 pipelined",
              settings.connections);
  const double ours = median(servers[0].microseconds);
  for (const auto& server : servers) {
    const double other = median(server.microseconds);
    std::printf("  %-10s %6.2f us CPU/request   thane / %s = %.2f\n", server.name.c_str(), other,
                server.name.c_str(), ours / other);
  }
}

Settings settings_from(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--access-log")
      settings.access_log = true;
    else if (i + 1 == argc)
      throw std::runtime_error(option + " has no value");
    else if (option == "--rounds")
      settings.rounds = std::stoi(argv[++i]);
    else if (option == "--seconds")
      settings.seconds = std::stod(argv[++i]);
    else if (option == "--connections")
      settings.connections = std::stoul(argv[++i]);
    else
      throw std::runtime_error("no such option: " + option);
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = settings_from(argc, argv);
    const thane::bench::TemporaryFolder folder;
    std::vector<Server> servers{{"thane", 18181, 0, {}}, {"raw_epoll", 18182, 0, {}}};
    if (::access("/usr/sbin/nginx", X_OK) == 0) servers.push_back({"nginx", 18183, 0, {}});
    for (auto& server : servers) start(server, settings, folder.path());
    pin(1);
    compare(servers, settings, 1);
    compare(servers, settings, 16);
    for (const auto& server : servers) {
      ::kill(server.pid, SIGKILL);
      ::waitpid(server.pid, nullptr, 0);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_http: %s\n", error.what());
    return 1;
  }
}
