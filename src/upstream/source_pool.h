// The local addresses that connections to an upstream may come from: each brings a range of ports of its own, so that
// one server can take more sessions than one address has ports. Immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/socket_address.h"

namespace hawser::upstream {

class SourcePool {
 public:
  explicit SourcePool(const std::vector<IpAddress>& addresses);

  // How many of the addresses can reach `server`: those of its family. 0 on a unix socket.
  [[nodiscard]] std::size_t count_for(const SocketAddress& server) const noexcept;
  // One of them, by turns; nothing when there is none.
  [[nodiscard]] std::optional<IpAddress> address_for(const SocketAddress& server, std::uint64_t turn) const noexcept;

  friend bool operator==(const SourcePool&, const SourcePool&) = default;

 private:
  [[nodiscard]] const std::vector<IpAddress>* family_of(const SocketAddress& server) const noexcept;

  std::vector<IpAddress> v4_;
  std::vector<IpAddress> v6_;
};

// How many ports the system gives to connections of one local address to one server (ip_local_port_range); 28,232
// where it does not say. Reads a file: main thread, while a configuration loads.
[[nodiscard]] std::uint32_t ephemeral_port_count();
// The same from that file's content: two port numbers, both included.
[[nodiscard]] std::uint32_t ephemeral_port_count_of(const std::string& port_range);

}  // namespace hawser::upstream
