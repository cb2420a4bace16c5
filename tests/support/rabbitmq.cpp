#include "rabbitmq.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include <thane/check.hpp>

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
  life_.reset();
  try {
    stop();  // It has been killed; waits until it is gone.
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
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  const UniqueFd reader{ends[0]};
  life_.reset(ends[1]);
  (void)run(command + " </proc/" + std::to_string(::getpid()) + "/fd/" +
            std::to_string(reader.get()));
}

std::string RabbitMq::eval(const std::string& expression) {
  return run(script("eval", folder_.path()) + " " + quoted(expression));
}

void RabbitMq::close_connections(const std::string& end) {
  (void)eval(
      "[rabbit_networking:close_connection(P, \"test\") || [{pid, P}, {client_properties, C}] <- "
      "rabbit_networking:connection_info_all([pid, client_properties]), is_list(C), "
      "lists:suffix(\"" +
      end + "\", binary_to_list(element(3, lists:keyfind(<<\"connection_name\">>, 1, C))))]");
}

void RabbitMq::delete_queue(const std::string& name) {
  (void)eval("{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"" + name +
             "\">>)), rabbit_amqqueue:delete(Q, false, false, <<\"test\">>)");
}

void RabbitMq::delete_queues() {
  (void)eval(
      "[rabbit_amqqueue:delete(Q, false, false, <<\"test\">>) || Q <- rabbit_amqqueue:list()]");
}

void RabbitMq::delete_queues_unnoticed() {
  (void)eval(
      "Channels = rabbit_channel:list(), [sys:suspend(C) || C <- Channels], timer:sleep(2000), "
      "[rabbit_amqqueue:delete(Q, false, false, <<\"test\">>) || Q <- rabbit_amqqueue:list()], "
      "[sys:resume(C) || C <- Channels]");
}

void RabbitMq::run_out_of_memory() {
  (void)eval("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1})");
}

void RabbitMq::have_memory_again() {
  (void)eval("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1000000000})");
}

}  // namespace thane::testing
