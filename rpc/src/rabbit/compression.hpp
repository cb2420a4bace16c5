// The two ways in which bodies may be compressed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thane::rpc::internal::rabbit {

/// kombu calls the first one gzip; it is the stream of RFC 1950.
enum class Compression { zlib, bzip2 };

/// In the header `compression`: "application/x-gzip", "application/x-bz2".
[[nodiscard]] std::string_view name_of(Compression compression) noexcept;
[[nodiscard]] std::optional<Compression> compression_of(std::string_view name) noexcept;

[[nodiscard]] std::string compress(std::string_view data, Compression how);
/// Throws std::invalid_argument for what is no such stream, and for more than `limit` octets.
[[nodiscard]] std::string decompress(std::string_view data, Compression how, std::size_t limit);

}  // namespace thane::rpc::internal::rabbit
