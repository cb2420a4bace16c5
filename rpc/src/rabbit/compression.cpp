#include "compression.hpp"

#include <bzlib.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace thane::rpc::internal::rabbit {

namespace {

[[noreturn]] void refuse(const char* what) {
  throw std::invalid_argument(what);
}

// The room for what comes out, doubled as long as it does not do.
template <class Step>
std::string grow(std::size_t first, std::size_t limit, Step step) {
  std::string to(std::clamp<std::size_t>(first, 1024, std::max<std::size_t>(limit, 1024)), '\0');
  for (std::size_t used = 0;;) {
    const bool finished = step(to, used);
    if (used > limit) refuse("a compressed body that is too large");
    if (finished) {
      to.resize(used);
      return to;
    }
    if (used == to.size()) to.resize(to.size() * 2);
  }
}

std::string inflate_all(std::string_view data, std::size_t limit) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  struct End {
    z_stream& stream;
    ~End() { inflateEnd(&stream); }
  } const end{stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    stream.next_out = reinterpret_cast<Bytef*>(to.data() + used);
    stream.avail_out = static_cast<uInt>(to.size() - used);
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    used = to.size() - stream.avail_out;
    if (result == Z_STREAM_END) return true;
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      refuse("a compressed body that is damaged");
    }
    return false;
  });
}

std::string unpack_bzip2(std::string_view data, std::size_t limit) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) throw std::bad_alloc();
  struct End {
    bz_stream& stream;
    ~End() { BZ2_bzDecompressEnd(&stream); }
  } const end{stream};
  stream.next_in = const_cast<char*>(data.data());
  stream.avail_in = static_cast<unsigned>(data.size());
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    stream.next_out = to.data() + used;
    stream.avail_out = static_cast<unsigned>(to.size() - used);
    const int result = BZ2_bzDecompress(&stream);
    used = to.size() - stream.avail_out;
    if (result == BZ_STREAM_END) return true;
    if (result != BZ_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      refuse("a compressed body that is damaged");
    }
    return false;
  });
}

}  // namespace

std::string_view name_of(Compression compression) noexcept {
  return compression == Compression::zlib ? "application/x-gzip" : "application/x-bz2";
}

std::optional<Compression> compression_of(std::string_view name) noexcept {
  for (const Compression each : {Compression::zlib, Compression::bzip2}) {
    if (name == name_of(each)) return each;
  }
  return std::nullopt;
}

std::string compress(std::string_view data, Compression how) {
  if (how == Compression::zlib) {
    uLongf size = compressBound(data.size());
    std::string to(size, '\0');
    if (::compress(reinterpret_cast<Bytef*>(to.data()), &size,
                   reinterpret_cast<const Bytef*>(data.data()), data.size()) != Z_OK) {
      throw std::bad_alloc();
    }
    to.resize(size);
    return to;
  }
  auto size = static_cast<unsigned>(data.size() + data.size() / 100 + 600);  // As its manual says.
  std::string to(size, '\0');
  if (BZ2_bzBuffToBuffCompress(to.data(), &size, const_cast<char*>(data.data()),
                               static_cast<unsigned>(data.size()), 9, 0, 0) != BZ_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

std::string decompress(std::string_view data, Compression how, std::size_t limit) {
  return how == Compression::zlib ? inflate_all(data, limit) : unpack_bzip2(data, limit);
}

}  // namespace thane::rpc::internal::rabbit
