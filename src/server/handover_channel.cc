#include "server/handover_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hawser::server {

namespace {

union alignas(cmsghdr) ControlBuffer {
  std::array<char, CMSG_SPACE(sizeof(int) * HandoverChannel::kMaxDescriptors)> bytes;
};

void attach(msghdr& message, ControlBuffer& control, std::span<const int> descriptors) {
  const std::size_t size = descriptors.size_bytes();
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), descriptors.data(), size);
}

std::vector<event::Fd> detach(msghdr& message) {
  std::vector<event::Fd> descriptors;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
      descriptors.emplace_back(descriptor);
    }
  }
  return descriptors;
}

}  // namespace

Result<std::pair<HandoverChannel, HandoverChannel>> HandoverChannel::create_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return std::unexpected(system_error("cannot make a socket pair", errno));
  }
  return std::pair(HandoverChannel(event::Fd(ends[0])), HandoverChannel(event::Fd(ends[1])));
}

Status HandoverChannel::send(std::string_view text, std::span<const int> descriptors) const {
  if (text.empty() || text.size() > kMaxText || descriptors.size() > kMaxDescriptors) {
    return failure(ErrorCode::too_large, "a message between two processes of an upgrade is too large");
  }
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  if (!descriptors.empty()) attach(message, control, descriptors);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return std::unexpected(system_error("cannot speak to the other process of an upgrade", errno));
  return {};
}

Result<std::optional<HandoverChannel::Message>> HandoverChannel::receive() const {
  std::string text(kMaxText, '\0');
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  if (count < 0) return std::unexpected(system_error("cannot hear the other process of an upgrade", errno));
  Message received;
  received.descriptors = detach(message);
  if (count == 0) return failure(ErrorCode::reset, "the other process of the upgrade is gone");
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return failure(ErrorCode::too_large, "a message between two processes of an upgrade was cut short");
  }
  text.resize(static_cast<std::size_t>(count));
  received.text = std::move(text);
  return received;
}

Result<HandoverChannel::Message> HandoverChannel::receive_within(Duration limit) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(limit.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return failure(ErrorCode::timed_out, "the other process of the upgrade says nothing");
  auto received = receive();
  if (!received) return std::unexpected(std::move(received.error()));
  if (!*received) return failure(ErrorCode::reset, "the other process of the upgrade is gone");
  return std::move(**received);
}

}  // namespace hawser::server
