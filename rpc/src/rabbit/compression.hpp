// The ways in which bodies may be compressed: those that kombu knows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thane::rpc::internal::rabbit {

/// kombu calls the first one gzip; it is the stream of RFC 1950. LZMA is the format of xz.
enum class Compression { zlib, bzip2, brotli, lzma, zstandard };

/// In the header `compression`: "application/x-gzip".
[[nodiscard]] std::string_view name_of(Compression compression) noexcept;
[[nodiscard]] std::optional<Compression> compression_of(std::string_view name) noexcept;
/// By what kombu_compression may say: "gzip" or "zlib". Must be one of these.
[[nodiscard]] Compression compression_by_method(std::string_view method);

/// Throws library_error if the library for it is not installed; there is one of its own for each
/// but the first two.
void require(Compression compression);

/// Throws library_error.
[[nodiscard]] std::string compress(std::string_view data, Compression how);
/// Throws std::invalid_argument for what is no such stream, and for more than `limit` octets;
/// library_error.
[[nodiscard]] std::string decompress(std::string_view data, Compression how, std::size_t limit);

}  // namespace thane::rpc::internal::rabbit
