#include "envelope.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <thane/rpc/target.hpp>
#include <utility>

#include "compression.hpp"
#include "json_text.hpp"
#include "loaded_library.hpp"
#include "utf8.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

using nlohmann::json;

constexpr std::string_view version_key = "oslo.version";
constexpr std::string_view message_key = "oslo.message";
constexpr const char* implemented = "2.0";
constexpr const char* compression_header = "compression";

// What there is of one; texts are missing where there is something else.
struct Envelope {
  bool has_version = false;
  bool has_message = false;
  std::optional<std::string> version{};
  std::optional<std::string> message{};
};

bool is_readable(const std::string& version) {
  if (version == implemented) return true;
  try {
    return compatible(implemented, version);
  } catch (const std::logic_error&) {  // No version at all.
    return false;
  }
}

}  // namespace

std::string wrap(std::string_view payload) {
  constexpr std::string_view begin = R"({"oslo.version": "2.0", "oslo.message": ")";
  std::string body;
  body.reserve(begin.size() + payload.size() + payload.size() / 4 + 2);
  body += begin;
  while (!payload.empty()) {
    const std::size_t plain = plain_prefix(payload);
    body += payload.substr(0, plain);
    payload.remove_prefix(plain);
    if (payload.empty()) break;
    // JSON text has no control characters: encode() escapes them.
    if (payload.front() == '"' || payload.front() == '\\') body.push_back('\\');
    body.push_back(payload.front());
    payload.remove_prefix(1);
  }
  body += "\"}";
  return body;
}

std::string unwrap(std::string body) {
  Envelope found;
  const bool is_object = decode_members(body, [&](std::string_view name, MemberValue& value) {
    if (name == version_key) {
      found.version = value.take_text();
      found.has_version = true;
    } else if (name == message_key) {
      found.message = value.take_text();
      found.has_message = true;
    }
  });
  if (!is_object || !found.has_version || !found.has_message) return body;
  if (!found.version || !found.message) {
    throw std::invalid_argument("an envelope whose version or message is no text");
  }
  if (!is_readable(*found.version)) {
    throw std::invalid_argument(fmt::format("an envelope of version {}", *found.version));
  }
  return std::move(*found.message);
}

Encoded encode_body(std::string body, const std::string& method) {
  Encoded encoded{.properties = {.content_type = "application/json",
                                 .content_encoding = "utf-8",
                                 .headers = amqp::Table{},
                                 .delivery_mode = std::uint8_t{2},
                                 .priority = std::uint8_t{0}},
                  .body = std::move(body)};
  if (method.empty()) return encoded;
  const Compression compression = compression_by_method(method);
  encoded.body = compress(encoded.body, compression);
  encoded.properties.headers->fields.emplace_back(compression_header,
                                                  amqp::Value{std::string{name_of(compression)}});
  return encoded;
}

std::string decode_body(const amqp::Properties& properties, std::string body, std::size_t limit) {
  if (properties.content_type != "application/json") {
    throw std::invalid_argument(
        fmt::format("a message of the type \"{}\"", properties.content_type));
  }
  const std::string_view name =
      properties.headers ? properties.headers->text(compression_header) : std::string_view{};
  if (name.empty()) return body;
  const auto compression = compression_of(name);
  if (!compression) {
    throw std::invalid_argument(
        fmt::format("a message packed as {}, which is not known here; the sender's "
                    "kombu_compression has to be gzip, bzip2, brotli, lzma, zstd or nothing",
                    name));
  }
  try {
    return decompress(body, *compression, limit);
  } catch (const library_error& error) {
    throw std::invalid_argument(fmt::format("a message packed as {}: {}", name, error.what()));
  }
}

}  // namespace thane::rpc::internal::rabbit
