// Who a client has proved to be, by a certificate of its own.
#pragma once

#include <string>

namespace thane::wsgi {

/// Of a certificate that one of `ca_file` gave, for as long as the connection lives. Names are
/// written as RFC 2253 has it, in UTF-8: "CN=alice,O=shop".
struct ClientCertificate {
  std::string subject;
  std::string issuer;
  std::string serial;  ///< Hexadecimal digits: "0A3F".
};

}  // namespace thane::wsgi
