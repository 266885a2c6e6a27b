#include "event/listening_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "event/sockaddr.h"
#include "event/socket_options.h"

namespace hawser::event {

namespace {

enum class PortSharing : std::uint8_t { off, on };

std::unexpected<Error> listen_failure(const SocketAddress& address, int error_number) {
  return std::unexpected(system_error("cannot listen on " + address.to_string(), error_number));
}

void switch_on(int socket, int level, int option) noexcept {
  const int on = 1;
  setsockopt(socket, level, option, &on, sizeof on);
}

Result<Fd> bind_socket(const SocketAddress& address, PortSharing sharing) {
  const Sockaddr where = to_sockaddr(address);
  Fd socket(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return listen_failure(address, errno);
  if (address.ip() != nullptr) {
    switch_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    if (sharing == PortSharing::on) switch_on(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    if (where.family() == AF_INET6) switch_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    set_connection_options(socket.get());
  }
  if (::bind(socket.get(), where.get(), where.size) != 0) return listen_failure(address, errno);
  return socket;
}

SocketAddress bound_address(const Fd& socket) {
  Sockaddr where;
  getsockname(socket.get(), where.get(), &where.size);
  return from_sockaddr(where);
}

// SO_REUSEPORT lets any process of our user join a port in silence; binding without it first finds that out.
Status check_port_is_free(const SocketAddress& address) {
  if (address.ip()->port == 0) return {};
  auto probe = bind_socket(address, PortSharing::off);
  if (!probe) return std::unexpected(std::move(probe.error()));
  return {};
}

Result<ListeningSockets> open_tcp(SocketAddress address, const ListenOptions& options, std::size_t count) {
  if (auto free = check_port_is_free(address); !free) return std::unexpected(std::move(free.error()));
  ListeningSockets opened;
  for (std::size_t i = 0; i < count; ++i) {
    auto socket = bind_socket(address, PortSharing::on);
    if (!socket) return std::unexpected(std::move(socket.error()));
    if (i == 0) address = bound_address(*socket);
    opened.sockets.push_back(std::move(*socket));
  }
  for (const Fd& socket : opened.sockets) {
    if (::listen(socket.get(), static_cast<int>(options.backlog)) != 0) return listen_failure(address, errno);
  }
  opened.address = address;
  return opened;
}

bool is_someone_listening(const SocketAddress& address) {
  const Sockaddr where = to_sockaddr(address);
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), where.get(), where.size) == 0 || errno == EAGAIN;
}

Result<ListeningSockets> open_unix(const SocketAddress& address, const ListenOptions& options, std::size_t count) {
  const std::string& path = address.unix_path()->path;
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return listen_failure(address, EEXIST);
    if (is_someone_listening(address)) return listen_failure(address, EADDRINUSE);
    ::unlink(path.c_str());
  }
  auto socket = bind_socket(address, PortSharing::off);
  if (!socket) return std::unexpected(std::move(socket.error()));
  if (::chmod(path.c_str(), options.unix_mode) != 0) return listen_failure(address, errno);
  if (::listen(socket->get(), static_cast<int>(options.backlog)) != 0) return listen_failure(address, errno);
  ListeningSockets opened;
  opened.address = address;
  for (std::size_t i = 1; i < count; ++i) {
    Fd duplicate(::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0));
    if (!duplicate.is_open()) return listen_failure(address, errno);
    opened.sockets.push_back(std::move(duplicate));
  }
  opened.sockets.push_back(std::move(*socket));
  return opened;
}

}  // namespace

Result<SocketAddress> listening_address(const Fd& socket) {
  const auto option = [&socket](int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(socket.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  if (option(SO_TYPE) != SOCK_STREAM || option(SO_ACCEPTCONN) != 1) {
    return failure(ErrorCode::invalid_argument,
                   "descriptor " + std::to_string(socket.get()) + " is not a stream socket that listens");
  }
  return bound_address(socket);
}

void apply_listen_options(const Fd& socket, const SocketAddress& address, const ListenOptions& options) noexcept {
  ::listen(socket.get(), static_cast<int>(options.backlog));
  if (const UnixPath* const path = address.unix_path()) (void)::chmod(path->path.c_str(), options.unix_mode);
}

Result<ListeningSockets> open_listening_sockets(const SocketAddress& address, const ListenOptions& options,
                                                std::size_t count) {
  return address.ip() != nullptr ? open_tcp(address, options, count) : open_unix(address, options, count);
}

}  // namespace hawser::event
