#include "response_writer.hpp"

#include <array>
#include <utility>

namespace thane::wsgi::internal {
namespace {

// The most usual first: it is found at once.
constexpr std::array reasons{
    std::pair{200, std::string_view{"OK"}},
    std::pair{201, std::string_view{"Created"}},
    std::pair{202, std::string_view{"Accepted"}},
    std::pair{203, std::string_view{"Non-Authoritative Information"}},
    std::pair{204, std::string_view{"No Content"}},
    std::pair{205, std::string_view{"Reset Content"}},
    std::pair{206, std::string_view{"Partial Content"}},
    std::pair{300, std::string_view{"Multiple Choices"}},
    std::pair{301, std::string_view{"Moved Permanently"}},
    std::pair{302, std::string_view{"Found"}},
    std::pair{303, std::string_view{"See Other"}},
    std::pair{304, std::string_view{"Not Modified"}},
    std::pair{307, std::string_view{"Temporary Redirect"}},
    std::pair{308, std::string_view{"Permanent Redirect"}},
    std::pair{400, std::string_view{"Bad Request"}},
    std::pair{401, std::string_view{"Unauthorized"}},
    std::pair{402, std::string_view{"Payment Required"}},
    std::pair{403, std::string_view{"Forbidden"}},
    std::pair{404, std::string_view{"Not Found"}},
    std::pair{405, std::string_view{"Method Not Allowed"}},
    std::pair{406, std::string_view{"Not Acceptable"}},
    std::pair{407, std::string_view{"Proxy Authentication Required"}},
    std::pair{408, std::string_view{"Request Timeout"}},
    std::pair{409, std::string_view{"Conflict"}},
    std::pair{410, std::string_view{"Gone"}},
    std::pair{411, std::string_view{"Length Required"}},
    std::pair{412, std::string_view{"Precondition Failed"}},
    std::pair{413, std::string_view{"Content Too Large"}},
    std::pair{414, std::string_view{"URI Too Long"}},
    std::pair{415, std::string_view{"Unsupported Media Type"}},
    std::pair{416, std::string_view{"Range Not Satisfiable"}},
    std::pair{417, std::string_view{"Expectation Failed"}},
    std::pair{421, std::string_view{"Misdirected Request"}},
    std::pair{422, std::string_view{"Unprocessable Content"}},
    std::pair{426, std::string_view{"Upgrade Required"}},
    std::pair{428, std::string_view{"Precondition Required"}},
    std::pair{429, std::string_view{"Too Many Requests"}},
    std::pair{431, std::string_view{"Request Header Fields Too Large"}},
    std::pair{500, std::string_view{"Internal Server Error"}},
    std::pair{501, std::string_view{"Not Implemented"}},
    std::pair{502, std::string_view{"Bad Gateway"}},
    std::pair{503, std::string_view{"Service Unavailable"}},
    std::pair{504, std::string_view{"Gateway Timeout"}},
    std::pair{505, std::string_view{"HTTP Version Not Supported"}},
};

}  // namespace

std::string_view reason_phrase(int status) {
  for (const auto& [known, reason] : reasons) {
    if (known == status) return reason;
  }
  return "Unknown";
}

}  // namespace thane::wsgi::internal
