// Brotli, LZMA and Zstandard, which a kombu has whose Python has their modules. How hard they try
// is ours to say, as each of them reads all of what it may have written: not as hard as kombu,
// which would hold the loop for a second to pack a megabyte with Brotli.
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <lzma.h>
#include <zstd.h>

#include <cstdint>
#include <new>

#include "../loaded_library.hpp"
#include "codecs.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

struct Brotli {
  LoadedLibrary encoder{"libbrotlienc.so.1", "libbrotli1"};
  LoadedLibrary decoder{"libbrotlidec.so.1", "libbrotli1"};
  decltype(&BrotliEncoderMaxCompressedSize) bound =
      encoder.get<decltype(BrotliEncoderMaxCompressedSize)>("BrotliEncoderMaxCompressedSize");
  decltype(&BrotliEncoderCompress) compress =
      encoder.get<decltype(BrotliEncoderCompress)>("BrotliEncoderCompress");
  decltype(&BrotliDecoderCreateInstance) create =
      decoder.get<decltype(BrotliDecoderCreateInstance)>("BrotliDecoderCreateInstance");
  decltype(&BrotliDecoderDestroyInstance) destroy =
      decoder.get<decltype(BrotliDecoderDestroyInstance)>("BrotliDecoderDestroyInstance");
  decltype(&BrotliDecoderDecompressStream) decompress =
      decoder.get<decltype(BrotliDecoderDecompressStream)>("BrotliDecoderDecompressStream");
};

const Brotli& brotli() {
  static const Brotli the_library;
  return the_library;
}

struct Lzma {
  LoadedLibrary library{"liblzma.so.5", "liblzma5"};
  decltype(&lzma_stream_buffer_bound) bound =
      library.get<decltype(lzma_stream_buffer_bound)>("lzma_stream_buffer_bound");
  decltype(&lzma_easy_buffer_encode) compress =
      library.get<decltype(lzma_easy_buffer_encode)>("lzma_easy_buffer_encode");
  decltype(&lzma_auto_decoder) decoder =
      library.get<decltype(lzma_auto_decoder)>("lzma_auto_decoder");
  decltype(&lzma_code) code = library.get<decltype(lzma_code)>("lzma_code");
  decltype(&lzma_end) end = library.get<decltype(lzma_end)>("lzma_end");
};

const Lzma& lzma() {
  static const Lzma the_library;
  return the_library;
}

struct Zstandard {
  LoadedLibrary library{"libzstd.so.1", "libzstd1"};
  decltype(&ZSTD_compressBound) bound =
      library.get<decltype(ZSTD_compressBound)>("ZSTD_compressBound");
  decltype(&ZSTD_compress) compress = library.get<decltype(ZSTD_compress)>("ZSTD_compress");
  decltype(&ZSTD_isError) is_error = library.get<decltype(ZSTD_isError)>("ZSTD_isError");
  decltype(&ZSTD_createDCtx) create = library.get<decltype(ZSTD_createDCtx)>("ZSTD_createDCtx");
  decltype(&ZSTD_freeDCtx) free = library.get<decltype(ZSTD_freeDCtx)>("ZSTD_freeDCtx");
  decltype(&ZSTD_decompressStream) decompress =
      library.get<decltype(ZSTD_decompressStream)>("ZSTD_decompressStream");
};

const Zstandard& zstandard() {
  static const Zstandard the_library;
  return the_library;
}

const std::uint8_t* octets(std::string_view data) {
  return reinterpret_cast<const std::uint8_t*>(data.data());
}

std::uint8_t* octets(std::string& data) {
  return reinterpret_cast<std::uint8_t*>(data.data());
}

}  // namespace

void require_brotli() {
  (void)brotli();
}

void require_lzma() {
  (void)lzma();
}

void require_zstandard() {
  (void)zstandard();
}

std::string pack_brotli(std::string_view data) {
  constexpr int quality = 5;
  std::string to(brotli().bound(data.size()), '\0');
  std::size_t size = to.size();
  if (brotli().compress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, data.size(), octets(data),
                        &size, octets(to)) == BROTLI_FALSE) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

std::string unpack_brotli(std::string_view data, std::size_t limit) {
  struct State {
    BrotliDecoderState* decoder = brotli().create(nullptr, nullptr, nullptr);
    ~State() { brotli().destroy(decoder); }
  } const state;
  if (state.decoder == nullptr) throw std::bad_alloc();
  const std::uint8_t* next_in = octets(data);
  std::size_t left_in = data.size();
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    std::uint8_t* next_out = octets(to) + used;
    std::size_t left_out = to.size() - used;
    const auto result =
        brotli().decompress(state.decoder, &left_in, &next_in, &left_out, &next_out, nullptr);
    used = to.size() - left_out;
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return true;
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) refuse_damaged();
    return false;
  });
}

std::string pack_lzma(std::string_view data) {
  constexpr std::uint32_t preset = 1;  // A dictionary of 1 MiB; that of 6, Python's, needs 94 MiB.
  std::string to(lzma().bound(data.size()), '\0');
  std::size_t size = 0;
  if (lzma().compress(preset, LZMA_CHECK_CRC64, nullptr, octets(data), data.size(), octets(to),
                      &size, to.size()) != LZMA_OK) {
    throw std::bad_alloc();
  }
  to.resize(size);
  return to;
}

// A stream may ask for a dictionary of 4 GiB; the largest that a preset has needs 65 MiB.
std::string unpack_lzma(std::string_view data, std::size_t limit) {
  constexpr std::uint64_t most_memory = 80 * 1024 * 1024;
  struct Stream {
    lzma_stream state = LZMA_STREAM_INIT;
    ~Stream() { lzma().end(&state); }
  } stream;
  if (lzma().decoder(&stream.state, most_memory, 0) != LZMA_OK) throw std::bad_alloc();
  stream.state.next_in = octets(data);
  stream.state.avail_in = data.size();
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    stream.state.next_out = octets(to) + used;
    stream.state.avail_out = to.size() - used;
    const lzma_ret result = lzma().code(&stream.state, LZMA_FINISH);
    used = to.size() - stream.state.avail_out;
    if (result == LZMA_STREAM_END) return true;
    if (result == LZMA_MEMLIMIT_ERROR) {
      throw std::invalid_argument("a compressed body that takes too much memory to read");
    }
    if (result != LZMA_OK || stream.state.avail_out > 0) refuse_damaged();
    return false;
  });
}

std::string pack_zstandard(std::string_view data) {
  constexpr int level = 3;
  std::string to(zstandard().bound(data.size()), '\0');
  const std::size_t size =
      zstandard().compress(to.data(), to.size(), data.data(), data.size(), level);
  if (zstandard().is_error(size) != 0) throw std::bad_alloc();
  to.resize(size);
  return to;
}

// Its window has 128 MiB at most, which the library sees to.
std::string unpack_zstandard(std::string_view data, std::size_t limit) {
  struct Context {
    ZSTD_DCtx* context = zstandard().create();
    ~Context() { zstandard().free(context); }
  } const state;
  if (state.context == nullptr) throw std::bad_alloc();
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  return grow(data.size() * 4, limit, [&](std::string& to, std::size_t& used) {
    ZSTD_outBuffer out{to.data(), to.size(), used};
    const std::size_t left = zstandard().decompress(state.context, &out, &in);
    used = out.pos;
    if (zstandard().is_error(left) != 0) refuse_damaged();
    if (left == 0) return true;
    if (in.pos == in.size && out.pos < out.size) refuse_damaged();
    return false;
  });
}

}  // namespace thane::rpc::internal::rabbit
