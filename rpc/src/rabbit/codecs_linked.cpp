// zlib and bzip2, which every kombu has.
#include <bzlib.h>
#include <zlib.h>

#include <new>

#include "codecs.hpp"

namespace thane::rpc::internal::rabbit {

std::string unpack_zlib(std::string_view data, std::size_t limit) {
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
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) refuse_damaged();
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
    if (result != BZ_OK || (stream.avail_in == 0 && stream.avail_out > 0)) refuse_damaged();
    return false;
  });
}

std::string pack_zlib(std::string_view data) {
  uLongf size = compressBound(data.size());
  std::string to(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(to.data()), &size,
                 reinterpret_cast<const Bytef*>(data.data()), data.size()) != Z_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

std::string pack_bzip2(std::string_view data) {
  auto size = static_cast<unsigned>(data.size() + data.size() / 100 + 600);  // As its manual says.
  std::string to(size, '\0');
  if (BZ2_bzBuffToBuffCompress(to.data(), &size, const_cast<char*>(data.data()),
                               static_cast<unsigned>(data.size()), 9, 0, 0) != BZ_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

}  // namespace thane::rpc::internal::rabbit
