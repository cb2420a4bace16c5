// zlib and bzip2, which every kombu has.
#include <bzlib.h>
#include <zlib.h>

#include <new>

#include "../loaded_library.hpp"
#include "codecs.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

struct Zlib {
  LoadedLibrary library{"libz.so.1", "zlib1g"};
  decltype(&::compressBound) bound = library.get<decltype(::compressBound)>("compressBound");
  decltype(&::compress) compress = library.get<decltype(::compress)>("compress");
  decltype(&::inflateInit_) begin = library.get<decltype(::inflateInit_)>("inflateInit_");
  decltype(&::inflate) inflate = library.get<decltype(::inflate)>("inflate");
  decltype(&::inflateEnd) end = library.get<decltype(::inflateEnd)>("inflateEnd");
};

const Zlib& zlib() {
  static const Zlib the_library;
  return the_library;
}

struct Bzip2 {
  LoadedLibrary library{"libbz2.so.1.0", "libbz2-1.0"};
  decltype(&BZ2_bzBuffToBuffCompress) compress =
      library.get<decltype(BZ2_bzBuffToBuffCompress)>("BZ2_bzBuffToBuffCompress");
  decltype(&BZ2_bzDecompressInit) begin =
      library.get<decltype(BZ2_bzDecompressInit)>("BZ2_bzDecompressInit");
  decltype(&BZ2_bzDecompress) decompress =
      library.get<decltype(BZ2_bzDecompress)>("BZ2_bzDecompress");
  decltype(&BZ2_bzDecompressEnd) end =
      library.get<decltype(BZ2_bzDecompressEnd)>("BZ2_bzDecompressEnd");
};

const Bzip2& bzip2() {
  static const Bzip2 the_library;
  return the_library;
}

}  // namespace

void require_zlib() {
  (void)zlib();
}

void require_bzip2() {
  (void)bzip2();
}

std::string unpack_zlib(std::string_view data, std::size_t limit) {
  z_stream stream{};
  if (zlib().begin(&stream, ZLIB_VERSION, sizeof stream) != Z_OK) throw std::bad_alloc();
  struct End {
    z_stream& stream;
    ~End() { zlib().end(&stream); }
  } const end{stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    stream.next_out = reinterpret_cast<Bytef*>(to.data() + used);
    stream.avail_out = static_cast<uInt>(to.size() - used);
    const int result = zlib().inflate(&stream, Z_NO_FLUSH);
    used = to.size() - stream.avail_out;
    if (result == Z_STREAM_END) return true;
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) refuse_damaged();
    return false;
  });
}

std::string unpack_bzip2(std::string_view data, std::size_t limit) {
  bz_stream stream{};
  if (bzip2().begin(&stream, 0, 0) != BZ_OK) throw std::bad_alloc();
  struct End {
    bz_stream& stream;
    ~End() { bzip2().end(&stream); }
  } const end{stream};
  stream.next_in = const_cast<char*>(data.data());
  stream.avail_in = static_cast<unsigned>(data.size());
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    stream.next_out = to.data() + used;
    stream.avail_out = static_cast<unsigned>(to.size() - used);
    const int result = bzip2().decompress(&stream);
    used = to.size() - stream.avail_out;
    if (result == BZ_STREAM_END) return true;
    if (result != BZ_OK || (stream.avail_in == 0 && stream.avail_out > 0)) refuse_damaged();
    return false;
  });
}

std::string pack_zlib(std::string_view data) {
  uLongf size = zlib().bound(data.size());
  std::string to(size, '\0');
  if (zlib().compress(reinterpret_cast<Bytef*>(to.data()), &size,
                      reinterpret_cast<const Bytef*>(data.data()), data.size()) != Z_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

std::string pack_bzip2(std::string_view data) {
  auto size = static_cast<unsigned>(data.size() + data.size() / 100 + 600);  // As its manual says.
  std::string to(size, '\0');
  if (bzip2().compress(to.data(), &size, const_cast<char*>(data.data()),
                       static_cast<unsigned>(data.size()), 9, 0, 0) != BZ_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

}  // namespace thane::rpc::internal::rabbit
