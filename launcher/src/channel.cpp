#include "channel.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <thane/check.hpp>

namespace thane::internal {

namespace {

// Room for one descriptor.
union Control {
  cmsghdr aligned;
  std::array<char, CMSG_SPACE(sizeof(int))> octets;
};

UniqueFd taken_from(msghdr& header) {
  const cmsghdr* control = CMSG_FIRSTHDR(&header);
  if (control == nullptr || control->cmsg_type != SCM_RIGHTS) {
    return {};
  }
  int file = -1;
  std::memcpy(&file, CMSG_DATA(control), sizeof file);
  return UniqueFd{file};
}

}  // namespace

void say(const UniqueFd& channel, Word word, std::string_view text, int file) noexcept {
  std::array<iovec, 2> parts{};
  parts[0] = {&word, 1};
  parts[1] = {const_cast<char*>(text.data()), std::min(text.size(), max_message_text)};
  msghdr header{};
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  Control control{};
  if (file >= 0) {
    header.msg_control = &control;
    header.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(part), &file, sizeof file);
  }
  (void)::sendmsg(channel.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::optional<Message> hear(const UniqueFd& channel) {
  std::array<char, 1 + max_message_text> octets;
  iovec part{octets.data(), octets.size()};
  Control control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof control;
  const ssize_t size = ::recvmsg(channel.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 1) {
    return std::nullopt;
  }
  return Message{static_cast<Word>(octets[0]),
                 std::string{octets.data() + 1, static_cast<std::size_t>(size) - 1},
                 taken_from(header)};
}

bool closed(const UniqueFd& channel) noexcept {
  char byte = 0;
  return ::recv(channel.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

UniqueFd file_of(std::string_view content) {
  UniqueFd file{check(::memfd_create("thane configuration", MFD_CLOEXEC), "memfd_create")};
  while (!content.empty()) {
    const auto written =
        check_retry([&] { return ::write(file.get(), content.data(), content.size()); }, "write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

std::string content_of(const UniqueFd& file) {
  struct stat status {};
  check(::fstat(file.get(), &status), "fstat");
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < content.size()) {
    const auto size = check_retry(
        [&] {
          return ::pread(file.get(), content.data() + at, content.size() - at,
                         static_cast<off_t>(at));
        },
        "pread");
    if (size == 0) break;
    at += static_cast<std::size_t>(size);
  }
  return content;
}

}  // namespace thane::internal
