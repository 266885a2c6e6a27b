#include "event/connecting_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "event/sockaddr.h"
#include "event/socket_options.h"

namespace hawser::event {

namespace {

bool is_ours(int error_number) noexcept {
  return error_number == EADDRNOTAVAIL || error_number == ENOBUFS || error_number == ENOMEM;
}

// The port is chosen by connect(2), when the destination is known: one port then serves one connection to each
// destination, not one in all.
Status bind_to_source(int socket, const SocketAddress& address, const IpAddress& source) {
  if (address.ip() == nullptr || address.ip()->address.is_v6() != source.is_v6()) {
    return failure(ErrorCode::invalid_argument,
                   "source address " + source.to_string() + " cannot reach " + address.to_string(), Side::internal,
                   Retry::elsewhere);
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const Sockaddr where = to_sockaddr(SocketAddress(IpEndpoint{source, 0}));
  if (::bind(socket, where.get(), where.size) == 0) return {};
  Error error = system_error("cannot use source address " + source.to_string(), errno);
  // A kernel that does not know the option says so when no port is free.
  if (errno == EADDRINUSE) error.code = ErrorCode::no_source_port;
  error.retry = Retry::elsewhere;
  return std::unexpected(std::move(error));
}

}  // namespace

Error connect_error(std::string_view what, int error_number) {
  Error error = system_error(what, error_number, is_ours(error_number) ? Side::internal : Side::server);
  error.retry = Retry::elsewhere;
  return error;
}

Result<Fd> begin_connect(const SocketAddress& address, const IpAddress* source) {
  const Sockaddr where = to_sockaddr(address);
  Fd socket(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return std::unexpected(system_error("cannot make a socket", errno));
  if (address.ip() != nullptr) set_connection_options(socket.get());
  if (source != nullptr) {
    if (auto bound = bind_to_source(socket.get(), address, *source); !bound) {
      return std::unexpected(std::move(bound.error()));
    }
  }
  // A full backlog of a unix socket is EAGAIN: the server is there but overrun.
  if (::connect(socket.get(), where.get(), where.size) != 0 && errno != EINPROGRESS) {
    return std::unexpected(connect_error("cannot connect to " + address.to_string(), errno));
  }
  return socket;
}

}  // namespace hawser::event
