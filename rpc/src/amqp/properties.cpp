#include "properties.hpp"

#include <fmt/format.h>

#include "protocol.hpp"

namespace thane::rpc::amqp {

namespace {

constexpr std::uint16_t basic_class = 60;

// From the highest bit down in the order of the fields; bit 0 says that more flags follow.
enum Flag : unsigned {
  has_content_type = 1 << 15,
  has_content_encoding = 1 << 14,
  has_headers = 1 << 13,
  has_delivery_mode = 1 << 12,
  has_priority = 1 << 11,
  has_correlation_id = 1 << 10,
  has_reply_to = 1 << 9,
  has_expiration = 1 << 8,
  has_message_id = 1 << 7,
  has_timestamp = 1 << 6,
  has_type = 1 << 5,
  has_user_id = 1 << 4,
  has_app_id = 1 << 3,
  has_cluster_id = 1 << 2,
  undefined_flags = 3,
};

unsigned flags_of(const Properties& all) {
  unsigned flags = 0;
  const auto add = [&](bool present, Flag flag) { flags |= present ? flag : 0U; };
  add(!all.content_type.empty(), has_content_type);
  add(!all.content_encoding.empty(), has_content_encoding);
  add(all.headers.has_value(), has_headers);
  add(all.delivery_mode.has_value(), has_delivery_mode);
  add(all.priority.has_value(), has_priority);
  add(!all.correlation_id.empty(), has_correlation_id);
  add(!all.reply_to.empty(), has_reply_to);
  add(!all.expiration.empty(), has_expiration);
  add(!all.message_id.empty(), has_message_id);
  add(all.timestamp.has_value(), has_timestamp);
  add(!all.type.empty(), has_type);
  add(!all.user_id.empty(), has_user_id);
  add(!all.app_id.empty(), has_app_id);
  add(!all.cluster_id.empty(), has_cluster_id);
  return flags;
}

}  // namespace

void write_content_header(Writer& to, std::uint64_t body_size, const Properties& all) {
  to.short_integer(basic_class);
  to.short_integer(0);  // The weight, which was never used.
  to.long_long_integer(body_size);
  const unsigned flags = flags_of(all);
  to.short_integer(static_cast<std::uint16_t>(flags));
  const auto text = [&](Flag flag, const std::string& value) {
    if ((flags & flag) != 0) to.short_string(value);
  };
  text(has_content_type, all.content_type);
  text(has_content_encoding, all.content_encoding);
  if (all.headers) write_table(to, *all.headers);
  if (all.delivery_mode) to.octet(*all.delivery_mode);
  if (all.priority) to.octet(*all.priority);
  text(has_correlation_id, all.correlation_id);
  text(has_reply_to, all.reply_to);
  text(has_expiration, all.expiration);
  text(has_message_id, all.message_id);
  if (all.timestamp) to.long_long_integer(*all.timestamp);
  text(has_type, all.type);
  text(has_user_id, all.user_id);
  text(has_app_id, all.app_id);
  text(has_cluster_id, all.cluster_id);
}

ContentHeader read_content_header(std::string_view payload) {
  Reader from{payload};
  const std::uint16_t class_id = from.short_integer();
  if (class_id != basic_class) {
    throw protocol_error(ReplyCode::command_invalid,
                         fmt::format("a content header of class {}, which has none", class_id));
  }
  (void)from.short_integer();
  ContentHeader header{.body_size = from.long_long_integer(), .properties = {}};
  Properties& all = header.properties;
  const unsigned flags = from.short_integer();
  if ((flags & undefined_flags) != 0) {
    throw protocol_error(ReplyCode::syntax_error, "a content header with undefined properties");
  }
  const auto text = [&](Flag flag, std::string& value) {
    if ((flags & flag) != 0) value = from.short_string();
  };
  text(has_content_type, all.content_type);
  text(has_content_encoding, all.content_encoding);
  if ((flags & has_headers) != 0) all.headers = read_table(from);
  if ((flags & has_delivery_mode) != 0) all.delivery_mode = from.octet();
  if ((flags & has_priority) != 0) all.priority = from.octet();
  text(has_correlation_id, all.correlation_id);
  text(has_reply_to, all.reply_to);
  text(has_expiration, all.expiration);
  text(has_message_id, all.message_id);
  if ((flags & has_timestamp) != 0) all.timestamp = from.long_long_integer();
  text(has_type, all.type);
  text(has_user_id, all.user_id);
  text(has_app_id, all.app_id);
  text(has_cluster_id, all.cluster_id);
  from.expect_end();
  return header;
}

}  // namespace thane::rpc::amqp
