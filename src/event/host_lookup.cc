#include "event/host_lookup.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "event/sockaddr.h"

namespace hawser::event {

Result<std::vector<SocketAddress>> lookup_host(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) {
    return failure(ErrorCode::not_found, "host '" + host + "' not found: " + gai_strerror(status), Side::server);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    Sockaddr where;
    std::memcpy(&where.storage, entry->ai_addr, entry->ai_addrlen);
    where.size = entry->ai_addrlen;
    const SocketAddress address = from_sockaddr(where);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace hawser::event
