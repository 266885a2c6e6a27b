#include "event/adopted_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "event/sockaddr.h"
#include "event/socket_options.h"

namespace hawser::event {

namespace {

std::unexpected<Error> unfit(int descriptor, std::string_view why) {
  return failure(ErrorCode::invalid_argument, "descriptor " + std::to_string(descriptor) + " " + std::string(why));
}

// An integer option of SOL_SOCKET; -1 with errno when the descriptor has none.
int socket_option(int socket, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

Status check_listens(int descriptor) {
  const int type = socket_option(descriptor, SO_TYPE);
  if (type < 0) return unfit(descriptor, errno == EBADF ? "is not open" : "is not a socket");
  const int domain = socket_option(descriptor, SO_DOMAIN);
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) {
    return unfit(descriptor, "is neither a TCP nor a unix socket");
  }
  if (type != SOCK_STREAM) return unfit(descriptor, "is not a stream socket");
  if (domain != AF_UNIX && socket_option(descriptor, SO_PROTOCOL) != IPPROTO_TCP) {
    return unfit(descriptor, "is not a TCP socket");
  }
  if (socket_option(descriptor, SO_ACCEPTCONN) != 1) return unfit(descriptor, "is a socket that does not listen");
  return {};
}

SocketAddress address_of(const Fd& socket) {
  Sockaddr where;
  ::getsockname(socket.get(), where.get(), &where.size);
  const std::size_t name_at = offsetof(sockaddr_un, sun_path);
  const auto* const bytes = reinterpret_cast<const char*>(where.get());
  const bool is_abstract = where.family() == AF_UNIX && where.size > name_at && bytes[name_at] == '\0';
  if (!is_abstract) return from_sockaddr(where);
  return SocketAddress(UnixPath{"@" + std::string(bytes + name_at + 1, where.size - name_at - 1)});
}

}  // namespace

Result<AdoptedSocket> adopt_listening_socket(int descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0) return unfit(descriptor, "is not open");
  AdoptedSocket adopted;
  adopted.socket.reset(descriptor);
  if (auto listens = check_listens(descriptor); !listens) return std::unexpected(std::move(listens.error()));
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return std::unexpected(system_error("cannot use descriptor " + std::to_string(descriptor), errno));
  }
  adopted.address = address_of(adopted.socket);
  if (adopted.address.ip() != nullptr) set_connection_options(descriptor);
  return adopted;
}

Result<std::vector<Fd>> duplicate(Fd socket, std::size_t count) {
  std::vector<Fd> all;
  for (std::size_t i = 1; i < count; ++i) {
    Fd copy(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.is_open()) return std::unexpected(system_error("cannot duplicate a listening socket", errno));
    all.push_back(std::move(copy));
  }
  all.push_back(std::move(socket));
  return all;
}

}  // namespace hawser::event
