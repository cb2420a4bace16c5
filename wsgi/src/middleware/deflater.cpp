#include "deflater.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include <thane/assert.hpp>

namespace thane::wsgi::internal {

namespace {

constexpr int gzip_window = 15 + 16;  // The largest window; 16 asks for gzip's wrapper.
constexpr int usual_memory = 8;

int zlib_flush(Flush flush) {
  switch (flush) {
    case Flush::none:
      return Z_NO_FLUSH;
    case Flush::all:
      return Z_SYNC_FLUSH;
    case Flush::end:
      break;
  }
  return Z_FINISH;
}

}  // namespace

Deflater::Deflater(int level) {
  const int result =
      ::deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, usual_memory, Z_DEFAULT_STRATEGY);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  THANE_ASSERT(result == Z_OK);
}

Deflater::~Deflater() {
  ::deflateEnd(&stream_);
}

std::string Deflater::add(std::string_view data, Flush flush) {
  std::string out;
  std::array<char, 16384> buffer;
  do {
    const std::size_t size = std::min<std::size_t>(data.size(), std::numeric_limits<uInt>::max());
    // zlib reads it only, whatever its type says.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream_.avail_in = static_cast<uInt>(size);
    const bool last = size == data.size();
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      const int result = ::deflate(&stream_, last ? zlib_flush(flush) : Z_NO_FLUSH);
      THANE_ASSERT(result != Z_STREAM_ERROR);
      out.append(buffer.data(), buffer.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
    data.remove_prefix(size);
  } while (!data.empty());
  return out;
}

}  // namespace thane::wsgi::internal
