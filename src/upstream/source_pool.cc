#include "upstream/source_pool.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace hawser::upstream {

namespace {

// What Linux gives unless it is told otherwise: 32768 to 60999.
constexpr std::uint32_t kUsualPortCount = 28'232;
constexpr long kLastPort = 65'535;

}  // namespace

SourcePool::SourcePool(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) (address.is_v6() ? v6_ : v4_).push_back(address);
}

const std::vector<IpAddress>* SourcePool::family_of(const SocketAddress& server) const noexcept {
  if (server.ip() == nullptr) return nullptr;
  return server.ip()->address.is_v6() ? &v6_ : &v4_;
}

std::size_t SourcePool::count_for(const SocketAddress& server) const noexcept {
  const std::vector<IpAddress>* const family = family_of(server);
  return family != nullptr ? family->size() : 0;
}

std::optional<IpAddress> SourcePool::address_for(const SocketAddress& server, std::uint64_t turn) const noexcept {
  const std::vector<IpAddress>* const family = family_of(server);
  if (family == nullptr || family->empty()) return std::nullopt;
  return (*family)[turn % family->size()];
}

std::uint32_t ephemeral_port_count_of(const std::string& port_range) {
  std::istringstream text(port_range);
  long first = 0;
  long last = 0;
  if (!(text >> first >> last) || first < 1 || last > kLastPort || first > last) return kUsualPortCount;
  return static_cast<std::uint32_t>(last - first + 1);
}

std::uint32_t ephemeral_port_count() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  std::string port_range;
  std::getline(file, port_range);
  return ephemeral_port_count_of(port_range);
}

}  // namespace hawser::upstream
