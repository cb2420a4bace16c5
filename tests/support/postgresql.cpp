#include "postgresql.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>
#include <vector>

#include "http_client.hpp"
#include "process_info.hpp"

namespace thane::testing {

namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// Debian keeps each version in a folder of its own.
std::string folder_of_programs() {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", none}) {
    const std::string folder = version.path().string() + "/bin";
    if (fs::exists(folder + "/initdb")) found.push_back(folder);
  }
  if (found.empty()) throw std::runtime_error("no /usr/lib/postgresql: install postgresql");
  return *std::ranges::max_element(found);
}

// As a user that PostgreSQL accepts; ends when we do.
std::unique_ptr<ChildProcess> run(const std::string& program, const Arguments& arguments) {
  Arguments all{"--pdeathsig=QUIT"};
  if (::geteuid() == 0) {
    all.insert(all.end(), {"--reuid=nobody", "--regid=nogroup", "--clear-groups"});
  }
  all.push_back(folder_of_programs() + "/" + program);
  all.insert(all.end(), arguments.begin(), arguments.end());
  return std::make_unique<ChildProcess>("/usr/bin/setpriv", all, ChildOptions{.directory = "/"});
}

}  // namespace

void PostgreSql::give_away(const std::string& path) const {
  const passwd* const nobody = ::getpwnam("nobody");
  if (::geteuid() != 0 || nobody == nullptr) return;
  if (::chown(path.c_str(), nobody->pw_uid, nobody->pw_gid) != 0) {
    throw std::runtime_error("cannot give away " + path);
  }
}

void PostgreSql::make_data() {
  const std::string password = directory_.write("password", "it's\n");
  for (const std::string& path : {directory_.path(), password}) give_away(path);
  const auto made = run(
      "initdb", {"--pgdata=" + directory_.file("data"), "--username=thane", "--pwfile=" + password,
                 "--auth=scram-sha-256", "--no-sync", "--no-locale", "--encoding=UTF8"});
  if (made->wait_exit() != Exit{.code = 0}) {
    throw std::runtime_error("initdb: " + made->messages_so_far().back());
  }
}

PostgreSql::PostgreSql() : port_(free_port()) {
  make_data();
  start();
}

// Files of its own: the server insists on who may read its key.
PostgreSql::PostgreSql(const CertificateFiles& own, const Authority& of_clients)
    : port_(free_port()) {
  make_data();
  more_arguments_ = {"-c", "ssl=on"};
  for (const auto& [option, from] :
       {std::pair{"ssl_cert_file", own.certificate}, std::pair{"ssl_key_file", own.key},
        std::pair{"ssl_ca_file", of_clients.certificate()}}) {
    const std::string copy = directory_.write(option, read_text(from));
    fs::permissions(copy, fs::perms::owner_read);
    give_away(copy);
    more_arguments_.insert(more_arguments_.end(), {"-c", option + ("=" + copy)});
  }
  const std::string rules = directory_.write(
      "rules", "hostssl template1 all all cert\nhostssl all all all scram-sha-256\n");
  give_away(rules);
  more_arguments_.insert(more_arguments_.end(), {"-c", "hba_file=" + rules});
  start();
}

PostgreSql::~PostgreSql() {
  thaw();
  stop();
}

std::string PostgreSql::url(const std::string& password) const {
  return "postgresql://thane:" + password + "@localhost:" + std::to_string(port_) + "/postgres";
}

std::string PostgreSql::url_with(const std::string& options) const {
  return url() + "?" + options;
}

std::string PostgreSql::url_by_certificate(const std::string& options) const {
  return "postgresql://thane@localhost:" + std::to_string(port_) + "/template1?" + options;
}

void PostgreSql::start() {
  Arguments arguments{"-D", directory_.file("data"),
                      "-p", std::to_string(port_),
                      "-c", "listen_addresses=127.0.0.1",
                      "-c", "unix_socket_directories=" + directory_.path(),
                      "-c", "fsync=off",
                      "-c", "log_line_prefix=",
                      "-c", "shared_buffers=8MB"};
  arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
  server_ = run("postgres", arguments);
  server_->expect_line("LOG:  database system is ready to accept connections");
}

void PostgreSql::stop() {
  server_->signal(SIGQUIT);  // "Immediate": nobody is told, as by a power failure.
  static_cast<void>(server_->wait_exit());
}

void PostgreSql::freeze() const {
  server_->signal(SIGSTOP);
}

void PostgreSql::thaw() const {
  server_->signal(SIGCONT);
}

}  // namespace thane::testing
