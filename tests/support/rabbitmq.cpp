#include "rabbitmq.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace thane::testing {

namespace {

std::string quoted(const std::string& text) {
  std::string all = "'";
  for (const char c : text) all += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return all + "'";
}

// What a command prints. Throws if it fails.
std::string run(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen((command + " 2>&1").c_str(), "r"),
                                                   [](FILE*) { return 0; }};
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string output;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    output.append(buffer.data(), size);
  }
  if (::pclose(pipe.get()) != 0) throw std::runtime_error(command + ": " + output);
  return output;
}

std::string script(const std::string& verb, const std::string& folder) {
  return SOURCE_DIR "/tests/broker/rabbitmq " + verb + " " + quoted(folder);
}

}  // namespace

RabbitMq::RabbitMq(const std::string& configuration) : configuration_(configuration) {
  start();
  std::ifstream{folder_.path() + "/url"} >> url_;
  std::ifstream{folder_.path() + "/port"} >> port_;
}

RabbitMq::~RabbitMq() {
  try {
    stop();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void RabbitMq::stop() {
  (void)run(script("stop", folder_.path()));
}

void RabbitMq::start() {
  std::string command = script("start", folder_.path());
  std::istringstream lines{configuration_};
  for (std::string line; std::getline(lines, line);) command += " " + quoted(line);
  (void)run(command);
}

std::string RabbitMq::ctl(const std::string& arguments) {
  return run(script("ctl", folder_.path()) + " " + arguments);
}

}  // namespace thane::testing
