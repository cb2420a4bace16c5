#include "chunked_decoder.hpp"

#include <algorithm>

#include "characters.hpp"

namespace thane::wsgi::internal {

namespace {

unsigned hex_value(char c) {
  return static_cast<unsigned>(is(digit_character, c) ? c - '0' : to_lower(c) - 'a' + 10);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::decode(std::string_view input) {
  std::size_t used = 0;
  while (used < input.size() && state_ == State::more) {
    if (at_ == At::data) {
      const auto size = std::min<std::uint64_t>(remaining_, input.size() - used);
      const auto data = input.substr(used, static_cast<std::size_t>(size));
      remaining_ -= size;
      if (remaining_ == 0) at_ = At::data_return;
      return {used + data.size(), data};
    }
    step(input[used++]);
  }
  return {used, {}};
}

void ChunkedDecoder::step(char c) {
  switch (at_) {
    case At::size_start:
    case At::size:
      return step_size(c);
    case At::size_line_feed:
      if (c != '\n') return fail();
      at_ = remaining_ == 0 ? At::trailer_start : At::data;
      return;
    case At::data:
      return fail();  // decode() takes data itself.
    case At::data_return:
      if (c != '\r') return fail();
      at_ = At::data_line_feed;
      return;
    case At::data_line_feed:
      if (c != '\n') return fail();
      at_ = At::size_start;
      return;
    case At::trailer_start:
    case At::trailer_name:
    case At::trailer_value:
    case At::trailer_line_feed:
    case At::last_line_feed:
      return step_trailer(c);
    default:
      return step_extension(c);
  }
}

void ChunkedDecoder::step_size(char c) {
  if (is(hex_character, c)) {
    if (at_ == At::size_start) {
      remaining_ = 0;
      at_ = At::size;
    }
    // Zeros before a size are legal and, being without end, count as overhead.
    if (remaining_ == 0 && ++overhead_ > max_overhead) return fail();
    if (remaining_ >> 59 != 0) return fail();
    remaining_ = remaining_ * 16 + hex_value(c);
  } else if (at_ == At::size_start) {
    fail();
  } else if (c == '\r') {
    at_ = At::size_line_feed;
  } else {
    at_ = At::extension;
    step_extension(c);
  }
}

// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), then CR. White space right
// before that CR is not in the grammar, and some smuggling lives on it.
void ChunkedDecoder::step_extension(char c) {
  if (++overhead_ > max_overhead) return fail();
  const bool token = is(token_character, c);
  switch (at_) {
    case At::extension:  // After the size or a complete value, in white space.
      if (c == ';')
        at_ = At::extension_name_start;
      else if (!is_blank(c))
        fail();
      return;
    case At::extension_name_start:
      if (token)
        at_ = At::extension_name;
      else if (!is_blank(c))
        fail();
      return;
    case At::extension_name:
      if (token) return;
      if (c == '=')
        at_ = At::extension_value_start;
      else if (c == ';')
        at_ = At::extension_name_start;
      else if (c == '\r')
        at_ = At::size_line_feed;
      else if (is_blank(c))
        at_ = At::extension_equals;
      else
        fail();
      return;
    case At::extension_equals:
      if (c == '=')
        at_ = At::extension_value_start;
      else if (c == ';')
        at_ = At::extension_name_start;
      else if (!is_blank(c))
        fail();
      return;
    default:
      return step_extension_value(c, token);
  }
}

void ChunkedDecoder::step_extension_value(char c, bool token) {
  switch (at_) {
    case At::extension_value_start:
      if (c == '"')
        at_ = At::extension_quoted;
      else if (token)
        at_ = At::extension_token;
      else if (!is_blank(c))
        fail();
      return;
    case At::extension_quoted:
      if (c == '"')
        at_ = At::extension_end;
      else if (c == '\\')
        at_ = At::extension_escaped;
      else if (!is(value_character, c))
        fail();
      return;
    case At::extension_escaped:
      if (!is(value_character, c)) return fail();
      at_ = At::extension_quoted;
      return;
    case At::extension_token:
      if (token) return;
      [[fallthrough]];
    default:  // extension_end
      if (c == ';')
        at_ = At::extension_name_start;
      else if (c == '\r')
        at_ = At::size_line_feed;
      else if (is_blank(c))
        at_ = At::extension;
      else
        fail();
      return;
  }
}

void ChunkedDecoder::step_trailer(char c) {
  if (++overhead_ > max_overhead) return fail();
  switch (at_) {
    case At::trailer_start:
      if (c == '\r')
        at_ = At::last_line_feed;
      else if (is(token_character, c))
        at_ = At::trailer_name;
      else
        fail();
      return;
    case At::trailer_name:
      if (c == ':')
        at_ = At::trailer_value;
      else if (!is(token_character, c))
        fail();
      return;
    case At::trailer_value:
      if (c == '\r')
        at_ = At::trailer_line_feed;
      else if (!is(value_character, c))
        fail();
      return;
    case At::trailer_line_feed:
      if (c != '\n') return fail();
      at_ = At::trailer_start;
      return;
    default:  // last_line_feed
      if (c != '\n') return fail();
      state_ = State::done;
      return;
  }
}

}  // namespace thane::wsgi::internal
