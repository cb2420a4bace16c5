#include "compression.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <thane/assert.hpp>

#include "codecs.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

// What kombu/compression.py registers.
struct Way {
  Compression compression;
  std::string_view name;
  void (*require)();
  std::string (*pack)(std::string_view data);
  std::string (*unpack)(std::string_view data, std::size_t limit);
};

constexpr std::array<Way, 5> ways{{
    {Compression::zlib, "application/x-gzip", require_zlib, pack_zlib, unpack_zlib},
    {Compression::bzip2, "application/x-bz2", require_bzip2, pack_bzip2, unpack_bzip2},
    {Compression::brotli, "application/x-brotli", require_brotli, pack_brotli, unpack_brotli},
    {Compression::lzma, "application/x-lzma", require_lzma, pack_lzma, unpack_lzma},
    {Compression::zstandard, "application/zstd", require_zstandard, pack_zstandard,
     unpack_zstandard},
}};

constexpr std::array<std::pair<std::string_view, Compression>, 10> methods{{
    {"gzip", Compression::zlib},
    {"zlib", Compression::zlib},
    {"bzip2", Compression::bzip2},
    {"bzip", Compression::bzip2},
    {"bz2", Compression::bzip2},  // Of oslo.messaging's help alone; kombu refuses it.
    {"brotli", Compression::brotli},
    {"lzma", Compression::lzma},
    {"xz", Compression::lzma},
    {"zstd", Compression::zstandard},
    {"zstandard", Compression::zstandard},
}};

const Way& way_of(Compression compression) {
  return ways.at(static_cast<std::size_t>(compression));
}

}  // namespace

std::string_view name_of(Compression compression) noexcept {
  return ways[static_cast<std::size_t>(compression)].name;
}

std::optional<Compression> compression_of(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(ways, name, &Way::name);
  return found == ways.end() ? std::nullopt : std::optional{found->compression};
}

Compression compression_by_method(std::string_view method) {
  const auto* const found =
      std::ranges::find(methods, method, &std::pair<std::string_view, Compression>::first);
  THANE_ASSERT(found != methods.end());  // The option has choices.
  return found->second;
}

void require(Compression compression) {
  way_of(compression).require();
}

std::string compress(std::string_view data, Compression how) {
  return way_of(how).pack(data);
}

std::string decompress(std::string_view data, Compression how, std::size_t limit) {
  return way_of(how).unpack(data, limit);
}

}  // namespace thane::rpc::internal::rabbit
