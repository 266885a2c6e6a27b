#include "event/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace hawser::event {

namespace {

template <class Address>
Address& as(Sockaddr& where) noexcept {
  where.size = sizeof(Address);
  return *reinterpret_cast<Address*>(&where.storage);
}

}  // namespace

Sockaddr to_sockaddr(const SocketAddress& address) noexcept {
  Sockaddr where;
  if (const UnixPath* path = address.unix_path()) {
    auto& unix_address = as<sockaddr_un>(where);
    unix_address.sun_family = AF_UNIX;
    const std::size_t length = std::min(path->path.size(), sizeof unix_address.sun_path - 1);
    std::memcpy(unix_address.sun_path, path->path.data(), length);
    return where;
  }
  const IpEndpoint& endpoint = *address.ip();
  if (endpoint.address.is_v6()) {
    auto& v6 = as<sockaddr_in6>(where);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes().data(), 16);
  } else {
    auto& v4 = as<sockaddr_in>(where);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes().data(), 4);
  }
  return where;
}

SocketAddress from_sockaddr(const Sockaddr& address) {
  if (address.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return SocketAddress(IpEndpoint{IpAddress::from_v6(bytes), ntohs(v6.sin6_port)});
  }
  if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return SocketAddress(IpEndpoint{IpAddress::from_v4(bytes), ntohs(v4.sin_port)});
  }
  const auto& unix_address = reinterpret_cast<const sockaddr_un&>(address.storage);
  if (address.size <= offsetof(sockaddr_un, sun_path)) return SocketAddress(UnixPath{});
  return SocketAddress(UnixPath{unix_address.sun_path});
}

}  // namespace hawser::event
