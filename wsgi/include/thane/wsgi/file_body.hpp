// A part of an open file as the body of an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <thane/unique_fd.hpp>

namespace thane::wsgi {

/// A BodyStream over a file that is open already. A server that finds one as the body of an answer
/// with a Content-Length has the kernel send the file, where nothing has to be encrypted; filters
/// that do not know of it see a stream like any other. file_response() makes whole answers of it.
///
///     auto file = std::make_shared<const UniqueFd>(::open(path, O_RDONLY | O_CLOEXEC));
///     response.set_stream(wsgi::FileBody{file, 0, size});
///     response.set_header("Content-Length", std::to_string(size));
///
/// A filter that counts what goes out must not wrap the stream, for then it would be read; it has
/// the file tell:
///
///     if (const auto* file = response.body_stream().target<wsgi::FileBody>())
///       response.set_stream(file->observed([count](std::uint64_t octets) { *count += octets; }));
///
/// Octets that are not in memory are read on a thread of offload(): a slow disk holds up its own
/// client alone. Copies share the file and go on from where they were made.
class FileBody {
 public:
  /// `size` octets from `offset` on. The file has to be one that pread() works on.
  FileBody(std::shared_ptr<const UniqueFd> file, std::uint64_t offset, std::uint64_t size)
      : file_(std::move(file)), offset_(offset), left_(size) {}

  /// The next octets, some 64 KiB; nullopt at the end. Throws std::runtime_error if the file has
  /// become shorter, std::system_error if it cannot be read.
  [[nodiscard]] std::optional<std::string> operator()();

  /// The same octets. `observer` is told how many were taken or sent, after those that are told
  /// already, and is destroyed with the answer.
  [[nodiscard]] FileBody observed(std::function<void(std::uint64_t octets)> observer) const;
  /// The same octets; `owner` lives as long as they are needed.
  [[nodiscard]] FileBody owned_by(std::shared_ptr<const void> owner) const;
  /// For servers: so many were sent from offset() on, without taking them.
  void tell_sent(std::uint64_t octets) const {
    if (observer_) (*observer_)(octets);
  }

  [[nodiscard]] const std::shared_ptr<const UniqueFd>& file() const noexcept { return file_; }
  [[nodiscard]] int fd() const noexcept { return file_->get(); }
  /// Where the octets begin that were not taken yet, and how many they are.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

 private:
  std::shared_ptr<const UniqueFd> file_;
  std::uint64_t offset_;
  std::uint64_t left_;
  std::shared_ptr<const void> owner_;
  // Last, as it goes first: it may look at what the owner has.
  std::shared_ptr<const std::function<void(std::uint64_t)>> observer_;
};

}  // namespace thane::wsgi
