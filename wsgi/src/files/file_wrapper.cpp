#include <thane/wsgi/file_wrapper.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <thane/check.hpp>
#include <thane/offload.hpp>
#include <thane/wsgi/file_body.hpp>

namespace thane::wsgi {

namespace {

class WrappedFile final : public Iterable {
 public:
  explicit WrappedFile(FileBody body) : body_(std::move(body)) {}
  std::optional<std::string> next() override { return body_(); }
  [[nodiscard]] const FileBody* file() const override { return &body_; }

 private:
  FileBody body_;
};

std::string read_block(const UniqueFd& from, std::size_t block) {
  return offload([&] {
    std::string octets(block, '\0');
    const auto size =
        check_retry([&] { return ::read(from.get(), octets.data(), octets.size()); }, "read");
    octets.resize(static_cast<std::size_t>(size));
    return octets;
  });
}

}  // namespace

Body wrap_file(UniqueFd file, std::size_t block) {
  struct stat about {};
  check(::fstat(file.get(), &about), "fstat");
  auto shared = std::make_shared<const UniqueFd>(std::move(file));
  if (!S_ISREG(about.st_mode)) {
    return wrap_reader([shared](std::size_t size) { return read_block(*shared, size); }, nullptr,
                       block);
  }
  const auto offset = check(::lseek(shared->get(), 0, SEEK_CUR), "lseek");
  return std::make_unique<WrappedFile>(
      FileBody{std::move(shared), static_cast<std::uint64_t>(offset),
               static_cast<std::uint64_t>(std::max<::off_t>(about.st_size - offset, 0))});
}

Body wrap_reader(std::function<std::string(std::size_t)> read, std::function<void()> close,
                 std::size_t block) {
  return generate(
      [read = std::move(read), block]() -> std::optional<std::string> {
        std::string octets = read(block);
        if (octets.empty()) return std::nullopt;
        return octets;
      },
      std::move(close));
}

}  // namespace thane::wsgi
