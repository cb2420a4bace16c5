// https: a greeting over TLS from two workers. A new certificate needs no restart: kill -HUP.
//
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem
//   ./https --web-cert-file cert.pem --web-key-file key.pem
//   curl --cacert cert.pem https://localhost:8443/
//
// With --web-ca-file, only clients get in whose certificate that authority has issued.
#include <memory>
#include <string>
#include <thane/launcher.hpp>
#include <thane/wsgi.hpp>
#include <vector>

namespace wsgi = thane::wsgi;

int main(int argc, char** argv) {
  // What differs from thane's defaults. A file, and all that comes after it, goes before this.
  const auto own = []() -> std::vector<thane::Config::Value> {
    return {{"web.use_ssl", "yes", "https"}, {"web.port", "8443", "https"}};
  };
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), wsgi::options("web")}, own);
  auto web = std::make_unique<wsgi::Server>(config, "web", [](wsgi::Request& request) {
    return wsgi::Response::text("hello over " + std::string{request.scheme()} + "\n");
  });
  return thane::launch(config, std::move(web), {.workers = 2})->wait();
}
