// One server of an upstream as discovery found it: where it is, and what the configuration or the record says of it.
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "config/config.h"

namespace hawser::upstream {

struct Member {
  std::string name;       // for logs; unique in its upstream: as the file writes it, or the address behind a name
  SocketAddress address;  // meaningless where the name could not be resolved
  bool is_resolved = true;
  std::string host;            // host name or IP address that the certificate is for, unless server_name says so
  config::Server settings;     // weight, max_sessions, backup, state
  std::uint32_t priority = 0;  // lower ones first (SRV); members of a higher one are for when no lower one is left
  friend bool operator==(const Member&, const Member&) = default;
};

using Members = std::vector<Member>;

}  // namespace hawser::upstream
