// One client's connection: requests in, answers out, until one side ends it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/wsgi/client_certificate.hpp>
#include <thane/wsgi/file_body.hpp>

#include "body_reader.hpp"
#include "input_buffer.hpp"
#include "site.hpp"
#include "surroundings.hpp"
#include "transport.hpp"

namespace thane::wsgi::internal {

/// Speaks HTTP/1.x over a Transport. No socket, no fiber, no event loop in here: what blocks is the
/// transport, so that tests run it on strings.
///
/// Answers are gathered while further requests are in the buffer already, and sent together when
/// they are used up, when a body has to be waited for, or when they are many.
class Connection {
 public:
  Connection(Site& site, Transport& transport, std::string_view peer,
             const ClientCertificate* client = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Returns when the connection can be closed.
  void run();

 private:
  enum class After : std::uint8_t {
    next_request,
    close,  ///< We end it: the peer may not have read the last answer yet.
    gone,   ///< Nobody is there.
  };

  After read_head();
  std::size_t receive();
  After serve();
  After answer(Response response, BodyReader& body, TimePoint started);
  bool send_stream(Response& response, BodyReader& body, Written& written, std::uint64_t& octets);
  bool send_file(const FileBody& file, std::uint64_t counted, std::uint64_t& octets);
  Response respond(Request& request, BodyReader& body);
  Response failure(const BodyReader& body);
  bool discardable(const BodyReader& body) const;
  Delivery delivery(const BodyReader& body);
  void refuse(int status, const char* reason);

  Workspace& work() {
    if (work_ == nullptr) work_ = site_.workspaces.take();
    return *work_;
  }
  bool flush();
  void linger();
  void become_idle();

  Site& site_;
  Transport& transport_;
  const Surroundings surroundings_;
  std::unique_ptr<Workspace> work_;  // None while the connection is idle.
  InputBuffer input_;
};

}  // namespace thane::wsgi::internal
