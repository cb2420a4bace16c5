// Clients that keep a server busy with one exchange again and again, and count the answers.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <openssl/types.h>

#include <thane/unique_fd.hpp>

#include "http_exchange.hpp"

namespace thane::bench {

enum class Transport { plain, tls };

/// What the clients ask, and what has to come.
struct Exchange {
  std::string request;
  std::string body;  ///< Of the answer.
  Connections connections = Connections::kept;
  Transport transport = Transport::plain;
  int batch = 1;  ///< Requests at a time on a connection; 1 unless it is kept.
};

/// Sends `exchange` on each of its connections, and again when all answers to it are there; on a
/// new connection, if it is to be anew, when the server has closed the old one. TLS connections
/// begin with a full handshake.
///
/// The first answer is looked at; the others are taken for right if they are as long.
class HttpLoad {
 public:
  /// Throws std::runtime_error for an answer that is not the expected one.
  HttpLoad(int port, std::size_t clients, const Exchange& exchange);
  ~HttpLoad();
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  /// Asks for so long, waits for the last answers, and says how many there were. Throws
  /// std::runtime_error if a server hangs or closes a connection.
  double run(double seconds);

 private:
  class Client;

  void await(Client& client);
  void begin(Client& client);
  void ask(Client& client);
  bool happened(Client& client);

  int port_;
  Exchange exchange_;
  std::string requests_;
  std::size_t answers_size_ = 0;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> tls_;
  UniqueFd poll_;
  std::vector<std::unique_ptr<Client>> clients_;
};

/// Connections that have had one answer each, and are idle as long as this lives.
[[nodiscard]] std::vector<UniqueFd> idle_connections(int port, std::size_t count,
                                                     const Exchange& exchange);

}  // namespace thane::bench
