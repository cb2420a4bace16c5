// peer_httplib: cpp-httplib, to measure others by.
//
//   ./peer_httplib PORT
//
// Answers /hello, /json and POST /echo on 127.0.0.1:PORT. It has a thread for each connection while
// that lasts: as many as bench_http opens, where its default would leave most of them waiting.
#include <httplib.h>

#include <cstdlib>
#include <limits>

#include "kibibyte.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  constexpr std::size_t threads = 256;
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_keep_alive_max_count(std::numeric_limits<std::size_t>::max());
  server.set_keep_alive_timeout(60);
  server.set_tcp_nodelay(true);
  server.Get("/hello", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("Hello, World!", "text/plain");
  });
  server.Get("/json", [json = thane::bench::kibibyte()](const httplib::Request&,
                                                        httplib::Response& response) {
    response.set_content(json.dump(), "application/json");
  });
  server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body, "application/octet-stream");
  });
  return server.listen("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;
}
