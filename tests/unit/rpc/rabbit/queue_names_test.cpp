#include "rabbit/queue_names.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "support/temporary_directory.hpp"

using namespace thane::rpc::internal::rabbit;
using thane::testing::TemporaryDirectory;

namespace {

RabbitOptions managed() {
  RabbitOptions options;
  options.use_queue_manager = true;
  options.hostname = "node1";
  options.processname = "nova-api";
  return options;
}

TEST_CASE("names are counted within a process group, and from 1 again in another") {
  const NameCount mine{.group = 7, .count = 0, .started = 100};
  CHECK(NameCount::next({}, mine) == NameCount{7, 1, 100});
  CHECK(NameCount::next(NameCount{7, 4, 100}, mine) == NameCount{7, 5, 100});
  CHECK(NameCount::next(NameCount{7, 4, 99}, mine) == NameCount{7, 1, 100});
  CHECK(NameCount::next(NameCount{8, 4, 100}, mine) == NameCount{7, 1, 100});
  CHECK(NameCount::parse("7:4:100") == NameCount{7, 4, 100});
  CHECK(NameCount{7, 4, 100}.to_string() == "7:4:100");
  for (const char* none : {"", "7", "7:4", "7:x:1", "x"}) CHECK_FALSE(NameCount::parse(none));
}

TEST_CASE("names are random, or those of oslo.messaging's queue manager") {
  const TemporaryDirectory directory;
  CHECK(unique_part({}, directory.path()).size() == 32);
  CHECK(unique_part({}, directory.path()) != unique_part({}, directory.path()));
  CHECK(unique_part(managed(), directory.path()) == "node1:nova-api:1");
  CHECK(unique_part(managed(), directory.path()) == "node1:nova-api:2");
  std::string line;
  std::getline(std::ifstream{directory.file("node1_nova-api_qmanager")}, line);
  CHECK(line.starts_with(std::to_string(::getpgrp()) + ":2:"));
  (void)directory.write("node1_nova-api_qmanager", "nonsense");
  CHECK(unique_part(managed(), directory.path()) == "node1:nova-api:1");

  RabbitOptions defaults = managed();
  defaults.hostname.clear();
  defaults.processname.clear();
  CHECK(unique_part(defaults, directory.path()).ends_with(":" + program_name() + ":1"));
}

TEST_CASE("nothing is left of a longer line that was there") {
  const TemporaryDirectory directory;
  const std::string name = "node1_nova-api_qmanager";
  (void)directory.write(name, std::string(90, '9') + ":1:1");
  (void)unique_part(managed(), directory.path());
  std::string line;
  std::getline(std::ifstream{directory.file(name)}, line);
  REQUIRE(NameCount::parse(line));
  CHECK(NameCount::parse(line)->to_string() == line);
}

TEST_CASE("what is no file in the place of the count is not written to, nor is a link followed") {
  const TemporaryDirectory pipe;
  REQUIRE(::mkfifo(pipe.file("node1_nova-api_qmanager").c_str(), 0600) == 0);
  CHECK_THROWS_AS((void)unique_part(managed(), pipe.path()), std::runtime_error);
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("/dev/null", directory.file("node1_nova-api_qmanager"));
  CHECK_THROWS_AS((void)unique_part(managed(), directory.path()), std::runtime_error);
}

}  // namespace
