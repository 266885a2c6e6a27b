// One compiled configuration: immutable, shared by all workers, swapped as a whole. A session holds one only until it
// becomes a relay.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/socket_address.h"
#include "base/template_text.h"
#include "config/config.h"
#include "log/access_log.h"
#include "proxy/listener_state.h"
#include "proxy/route.h"
#include "proxy/router.h"
#include "tls/client_context.h"
#include "tls/server_context.h"
#include "upstream/balancer.h"
#include "upstream/connector.h"
#include "upstream/source_pool.h"

namespace hawser::proxy {

struct ListenerOptions {
  std::string name;
  SocketAddress address;  // as configured: the port may be 0
  config::ListenerTimeouts timeouts;
  config::OptionalCount max_sessions;
  config::OptionalCount max_sessions_per_ip;
  config::OptionalCount new_sessions_per_second;
  std::size_t max_head_size = 0;                  // bytes
  std::shared_ptr<const tls::ServerContext> tls;  // null: plain
  std::uint64_t tls_fingerprint = 0;              // of everything `tls` was made from
  std::shared_ptr<ListenerState> state;
};

// Servers of one rank and what picks among them.
struct Tier {
  std::shared_ptr<const upstream::ServerGroup> group;  // never empty
  std::shared_ptr<const upstream::BalancerPlan> plan;
};

struct Upstream {
  std::string name;
  std::vector<Tier> tiers;  // each is for when none before it has an eligible server; empty: no server is known
  std::shared_ptr<upstream::UpstreamState> state;
  TemplateText key;
  config::UpstreamTimeouts timeouts;
  config::Retry retry;
  config::Queue queue;
  config::Keepalive keepalive;
  std::shared_ptr<const tls::ClientContext> tls;            // null: plain
  std::uint64_t tls_fingerprint = 0;                        // of everything `tls` was made from
  std::shared_ptr<const upstream::SourcePool> sources;      // null: the system chooses
  std::shared_ptr<const config::HealthCheck> health_check;  // null: off

  // How a connection to one of its servers is made.
  [[nodiscard]] upstream::ConnectTarget target_of(const upstream::Server& server) const {
    return {server.address, tls, server.tls_name, sources};
  }
};

struct AccessLogging {
  std::shared_ptr<log::AccessLog> log;  // null: off
  log::AccessFormat format;
};

struct Snapshot {
  std::uint64_t generation = 0;
  std::vector<std::shared_ptr<const ListenerOptions>> listeners;
  Router router;
  std::vector<std::shared_ptr<const Route>> routes;  // by the router's positions
  std::shared_ptr<const ErrorPages> error_pages;     // for requests without a route; null: none
  std::vector<IpNetwork> trusted_proxies;
  std::vector<std::shared_ptr<const Upstream>> upstreams;
  AccessLogging access;
};

}  // namespace hawser::proxy
