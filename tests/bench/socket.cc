#include "socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace hawser::bench {
namespace {

constexpr int kBacklog = 4096;

std::string errno_text(std::string_view what) { return std::string(what).append(": ").append(std::strerror(errno)); }

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

void set_flag(int descriptor, int level, int option) noexcept {
  const int on = 1;
  (void)setsockopt(descriptor, level, option, &on, sizeof on);
}

IoResult from_return(ssize_t size) noexcept {
  if (size >= 0) return {.state = IoState::ok, .size = static_cast<std::size_t>(size)};
  const bool is_blocked = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {.state = is_blocked ? IoState::blocked : IoState::failed, .size = 0};
}

}  // namespace

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

std::optional<sockaddr_in> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const bool is_address = inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &address.sin_addr) == 1;
  if (parsed.ec != std::errc() || parsed.ptr != end || !is_address) return std::nullopt;
  return address;
}

std::string to_text(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
}

std::expected<std::pair<Descriptor, sockaddr_in>, std::string> listen_on(sockaddr_in address) {
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.is_open()) return std::unexpected(errno_text("socket"));
  set_flag(listener.get(), SOL_SOCKET, SO_REUSEADDR);
  if (bind(listener.get(), generic(address), sizeof address) != 0) return std::unexpected(errno_text("bind"));
  if (listen(listener.get(), kBacklog) != 0) return std::unexpected(errno_text("listen"));
  socklen_t size = sizeof address;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return std::pair(std::move(listener), address);
}

std::expected<Descriptor, std::string> connect_from(in_addr source, const sockaddr_in& target) {
  Descriptor descriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.is_open()) return std::unexpected(errno_text("socket"));
  // The port is chosen at connect(), where it need only be free towards this one target.
  set_flag(descriptor.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  set_no_delay(descriptor.get());
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr = source;
  if (bind(descriptor.get(), generic(local), sizeof local) != 0) return std::unexpected(errno_text("bind"));
  if (connect(descriptor.get(), generic(target), sizeof target) != 0 && errno != EINPROGRESS) {
    return std::unexpected(errno_text("connect"));
  }
  return descriptor;
}

std::string connect_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::string() : std::string("connect: ") + std::strerror(error);
}

void set_no_delay(int descriptor) noexcept { set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY); }

IoResult receive(int descriptor, Bytes into) noexcept {
  const IoResult result = from_return(recv(descriptor, into.data(), into.size(), 0));
  if (result.state == IoState::ok && result.size == 0) return {.state = IoState::ended, .size = 0};
  return result;
}

IoResult transmit(int descriptor, ConstBytes bytes) noexcept {
  return from_return(send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace hawser::bench
