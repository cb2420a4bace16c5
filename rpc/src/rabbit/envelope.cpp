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

constexpr const char* version_key = "oslo.version";
constexpr const char* message_key = "oslo.message";
constexpr const char* implemented = "2.0";
constexpr const char* compression_header = "compression";

}  // namespace

std::string wrap(std::string_view payload) {
  std::string body = R"({"oslo.version": "2.0", "oslo.message": ")";
  body.reserve(body.size() + payload.size() + payload.size() / 4 + 2);
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
  std::optional<json> version;
  std::optional<json> message;
  const bool is_object = decode_members(body, [&](const std::string& name, json value) {
    if (name == version_key) {
      version = std::move(value);
    } else if (name == message_key) {
      message = std::move(value);
    }
  });
  if (!is_object || !version || !message) return body;
  if (!version->is_string() || !message->is_string()) {
    throw std::invalid_argument("an envelope whose version or message is no text");
  }
  const auto& text = version->get_ref<const std::string&>();
  bool readable = false;
  try {
    readable = compatible(implemented, text);
  } catch (const std::logic_error&) {  // No version at all.
  }
  if (!readable) throw std::invalid_argument(fmt::format("an envelope of version {}", text));
  return std::move(message->get_ref<std::string&>());
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
  } catch (const library_missing& error) {
    throw std::invalid_argument(fmt::format("a message packed as {}: {}", name, error.what()));
  }
}

}  // namespace thane::rpc::internal::rabbit
