#include "base/socket_address.h"

#include <sys/un.h>

#include <utility>

#include "base/number.h"

namespace hawser {

Result<HostPort> split_host_port(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return failure(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not host:port: " + std::string(why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("the port is missing");
  std::string_view host = text.substr(0, colon);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return refuse("the port is not a number from 0 to 65535");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address stands in brackets, [::1]:80");
  }
  if (host.empty()) return refuse("the host is missing");
  return HostPort{std::string(host), *port};
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    if (path.empty()) return failure(ErrorCode::invalid_argument, "'unix:' needs a path");
    if (path.find('\0') != std::string_view::npos) {
      return failure(ErrorCode::invalid_argument, "the path of a unix socket has no NUL byte");
    }
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
      return failure(ErrorCode::invalid_argument, "the path of a unix socket has at most 107 characters");
    }
    return SocketAddress(UnixPath{std::string(path)});
  }
  auto parts = split_host_port(text);
  if (!parts) return std::unexpected(std::move(parts.error()));
  const auto address = IpAddress::parse(parts->host);
  if (!address) return failure(ErrorCode::not_found, "'" + parts->host + "' is not an IP address");
  return SocketAddress(IpEndpoint{*address, parts->port});
}

std::string SocketAddress::to_string() const {
  if (const UnixPath* unix_socket = unix_path()) return "unix:" + unix_socket->path;
  const IpEndpoint& endpoint = *ip();
  const std::string host = endpoint.address.to_string();
  return (endpoint.address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port);
}

}  // namespace hawser
