#include "limits/client_network.h"

#include <algorithm>
#include <cstdint>

namespace hawser::limits {

IpAddress client_network(const IpAddress& address) noexcept {
  if (!address.is_v6()) return address;
  auto bytes = address.bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return IpAddress::from_v6(bytes);
}

}  // namespace hawser::limits
