#include "server/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace hawser::server {

namespace {

std::unexpected<Error> unusable(std::string_view notify_socket, std::string_view why) {
  return failure(ErrorCode::invalid_argument, "NOTIFY_SOCKET '" + std::string(notify_socket) + "' " + std::string(why));
}

// 0, or the errno of a datagram that was not taken.
int send_datagram(int socket, std::string_view address, std::string_view text) noexcept {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::copy(address.begin(), address.end(), where.sun_path);
  // The name of an abstract socket ends where the size says; a path ends with its NUL.
  const bool is_abstract = address.front() == '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1));
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&where), size);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

bool is_queue_full(int error_number) noexcept { return error_number == EAGAIN || error_number == ENOBUFS; }

}  // namespace

ServiceNotice& ServiceNotice::add(std::string_view key, std::string_view value) {
  if (!text_.empty()) text_ += '\n';
  text_.append(key).append("=").append(value);
  return *this;
}

ServiceNotice& ServiceNotice::ready() { return add("READY", "1"); }

ServiceNotice& ServiceNotice::reloading(std::chrono::microseconds monotonic) {
  return add("RELOADING", "1").add("MONOTONIC_USEC", std::to_string(monotonic.count()));
}

ServiceNotice& ServiceNotice::stopping() { return add("STOPPING", "1"); }

ServiceNotice& ServiceNotice::status(std::string_view text) {
  std::string line(text);
  for (char& byte : line) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  }
  return add("STATUS", line);
}

ServiceNotice& ServiceNotice::main_pid(pid_t process) { return add("MAINPID", std::to_string(process)); }

ServiceNotice& ServiceNotice::watchdog() { return add("WATCHDOG", "1"); }

ServiceNotice& ServiceNotice::extend_timeout(std::chrono::microseconds time) {
  return add("EXTEND_TIMEOUT_USEC", std::to_string(time.count()));
}

Result<ServiceManager> ServiceManager::open(std::string_view notify_socket) {
  ServiceManager manager;
  if (notify_socket.empty()) return manager;
  if (notify_socket.front() != '/' && notify_socket.front() != '@') {
    return unusable(notify_socket, "is neither an absolute path nor the name of an abstract socket");
  }
  if (notify_socket.size() < 2) return unusable(notify_socket, "names no socket");
  if (notify_socket.size() >= sizeof(sockaddr_un::sun_path)) return unusable(notify_socket, "is too long");
  manager.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!manager.socket_.is_open()) {
    return std::unexpected(system_error("cannot make a socket to the service manager", errno));
  }
  manager.address_ = notify_socket;
  if (manager.address_.front() == '@') manager.address_.front() = '\0';
  return manager;
}

Status ServiceManager::send(const ServiceNotice& notice) {
  if (!is_present() || notice.text().empty()) return {};
  if (waiting_.size() == kMostWaiting) waiting_.pop_front();
  waiting_.push_back(notice.text());
  return send_waiting();
}

Status ServiceManager::send_waiting() {
  while (!waiting_.empty()) {
    const int error_number = send_datagram(socket_.get(), address_, waiting_.front());
    if (is_queue_full(error_number)) return {};
    if (error_number != 0) {
      waiting_.clear();
      return std::unexpected(system_error("cannot reach the service manager", error_number));
    }
    waiting_.pop_front();
  }
  return {};
}

}  // namespace hawser::server
