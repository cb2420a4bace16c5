#include "rabbit/queue_names.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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
  const std::string path = pipe.file("node1_nova-api_qmanager");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS((void)unique_part(managed(), pipe.path()),
                       ("use_queue_manager: " + path + " belongs to somebody else").c_str(),
                       std::runtime_error);
  const TemporaryDirectory directory;
  const std::string other = directory.write("other", "kept");
  std::filesystem::create_symlink(other, directory.file("node1_nova-api_qmanager"));
  CHECK_THROWS_AS((void)unique_part(managed(), directory.path()), std::runtime_error);
  CHECK(std::filesystem::file_size(other) == 4);
}

TEST_CASE("no name is given out twice to those that count at the same time") {
  const TemporaryDirectory directory;
  std::array<std::set<std::string>, 4> names;
  std::vector<std::thread> threads;
  for (auto& mine : names) {
    threads.emplace_back([&directory, &mine] {
      for (int i = 0; i < 100; ++i) mine.insert(unique_part(managed(), directory.path()));
    });
  }
  for (std::thread& each : threads) each.join();
  std::set<std::string> all;
  for (auto& mine : names) all.merge(mine);
  CHECK(all.size() == 400);
}

}  // namespace
