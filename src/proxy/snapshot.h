// One compiled configuration: immutable, shared by all workers, swapped as a whole. A session holds one only until it
// becomes a relay.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/socket_address.h"
#include "base/template_text.h"
#include "config/config.h"
#include "log/access_log.h"
#include "proxy/listener_state.h"
#include "proxy/router.h"
#include "tls/server_context.h"
#include "upstream/balancer.h"

namespace hawser::proxy {

struct ListenerOptions {
  std::string name;
  SocketAddress address;  // as configured: the port may be 0
  config::ListenerTimeouts timeouts;
  config::OptionalCount max_sessions;
  std::size_t max_head_size = 0;                  // bytes
  std::shared_ptr<const tls::ServerContext> tls;  // null: plain
  std::uint64_t tls_fingerprint = 0;              // of everything `tls` was made from
  std::shared_ptr<ListenerState> state;
};

// What a live session keeps of its route.
struct RouteOptions {
  std::string name;
  std::string upstream;
  bool is_websocket_enabled = true;
};

struct Upstream {
  std::string name;
  std::shared_ptr<const upstream::ServerGroup> group;
  std::shared_ptr<const upstream::BalancerPlan> plan;
  TemplateText key;
  config::UpstreamTimeouts timeouts;
  std::uint32_t attempts = 1;
};

struct AccessLogging {
  std::shared_ptr<log::AccessLog> log;  // null: off
  log::AccessFormat format;
};

struct Snapshot {
  std::uint64_t generation = 0;
  std::vector<std::shared_ptr<const ListenerOptions>> listeners;
  Router router;
  std::vector<std::shared_ptr<const RouteOptions>> routes;  // by the router's positions
  std::vector<std::shared_ptr<const Upstream>> upstreams;
  AccessLogging access;
};

}  // namespace hawser::proxy
