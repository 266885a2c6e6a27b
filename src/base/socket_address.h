// Where a socket listens or connects to: an IP address with a port, or the path of a unix socket. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip_address.h"
#include "base/result.h"

namespace hawser {

struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  friend auto operator<=>(const IpEndpoint&, const IpEndpoint&) = default;
};

struct UnixPath {
  std::string path;
  friend auto operator<=>(const UnixPath&, const UnixPath&) = default;
};

class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(IpEndpoint endpoint) : where_(endpoint) {}
  explicit SocketAddress(UnixPath path) : where_(std::move(path)) {}

  // Reads 127.0.0.1:80, [::1]:80 and unix:/path. A host name is not_found: only a resolver can read it.
  [[nodiscard]] static Result<SocketAddress> parse(std::string_view text);

  [[nodiscard]] const IpEndpoint* ip() const noexcept { return std::get_if<IpEndpoint>(&where_); }
  [[nodiscard]] const UnixPath* unix_path() const noexcept { return std::get_if<UnixPath>(&where_); }
  // The text that parse reads back.
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  std::variant<IpEndpoint, UnixPath> where_;
};

// "host:port" taken apart; the host keeps no brackets. invalid_argument without a port from 0 to 65535.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] Result<HostPort> split_host_port(std::string_view text);

}  // namespace hawser
