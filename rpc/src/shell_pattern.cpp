#include "shell_pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace thane::rpc::internal {

namespace {

// The octets that a first one announces; 0: it is no first one.
std::size_t length_by(unsigned char first) noexcept {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

// An octet that belongs to no character stands for itself, as Python's surrogateescape has it.
std::u32string characters_of(std::string_view text) {
  constexpr char32_t escaped = 0xDC00;
  std::u32string all;
  for (std::size_t i = 0; i < text.size();) {
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const std::size_t length = length_by(octet(i));
    char32_t character = length == 1 ? octet(i) : octet(i) & (0x7FU >> length);
    bool whole = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      whole = (octet(i + k) & 0xC0U) == 0x80;
      character = (character << 6U) | (octet(i + k) & 0x3FU);
    }
    all.push_back(whole ? character : escaped + octet(i));
    i += whole ? length : 1;
  }
  return all;
}

}  // namespace

// A hyphen that comes first or last is itself, and so is one behind a range.
ShellPattern::Piece ShellPattern::set_of(std::u32string_view inside) {
  Piece piece{Piece::Kind::one_of};
  if (inside.starts_with(U'!')) {
    piece.kind = Piece::Kind::none_of;
    inside.remove_prefix(1);
  }
  while (!inside.empty()) {
    const bool is_range = inside.size() >= 3 && inside[1] == U'-';
    piece.ranges.emplace_back(inside.front(), is_range ? inside[2] : inside.front());
    inside.remove_prefix(is_range ? 3 : 1);
  }
  return piece;
}

ShellPattern::ShellPattern(std::string_view pattern) {
  const std::u32string all = characters_of(pattern);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == U'*') {
      pieces_.push_back({Piece::Kind::any_text});
      continue;
    }
    if (all[i] == U'?') {
      pieces_.push_back({Piece::Kind::none_of});
      continue;
    }
    if (all[i] == U'[') {
      const std::size_t begin = i + 1;
      std::size_t end = begin;
      if (end < all.size() && all[end] == U'!') ++end;
      end = all.find(U']', end + 1);  // A bracket that comes first closes nothing.
      if (end != std::u32string::npos) {
        pieces_.push_back(set_of(std::u32string_view{all}.substr(begin, end - begin)));
        i = end;
        continue;
      }
    }
    pieces_.push_back({Piece::Kind::one_of, {{all[i], all[i]}}});
  }
}

bool ShellPattern::Piece::takes(char32_t character) const noexcept {
  const bool found = std::ranges::any_of(ranges, [character](const Range& range) {
    return range.first <= character && character <= range.second;
  });
  return found == (kind == Kind::one_of);
}

// Only the last `*` ever has to take more: what an earlier one could take, it can, too.
bool ShellPattern::matches(std::string_view text) const {
  const std::u32string all = characters_of(text);
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t at = 0;
  std::size_t piece = 0;
  std::size_t star = none;
  std::size_t taken_to = 0;  // What that star takes ends here.
  while (at < all.size()) {
    if (piece < pieces_.size() && pieces_[piece].kind == Piece::Kind::any_text) {
      star = piece++;
      taken_to = at;
    } else if (piece < pieces_.size() && pieces_[piece].takes(all[at])) {
      ++piece;
      ++at;
    } else if (star != none) {
      piece = star + 1;
      at = ++taken_to;
    } else {
      return false;
    }
  }
  while (piece < pieces_.size() && pieces_[piece].kind == Piece::Kind::any_text) ++piece;
  return piece == pieces_.size();
}

}  // namespace thane::rpc::internal
