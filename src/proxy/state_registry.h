// Finds the state of servers, upstreams, listeners and rates again after a reload, also of those that were away for a
// while and still have sessions. Owned by the main thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "limits/rate_limiter.h"
#include "proxy/listener_state.h"
#include "tls/ticket_keys.h"
#include "upstream/server_state.h"
#include "upstream/upstream_state.h"

namespace hawser::proxy {

class StateRegistry {
 public:
  // A server is the same as long as upstream, address and TLS name are.
  [[nodiscard]] std::shared_ptr<upstream::ServerState> server(const std::string& upstream, const std::string& address,
                                                              const std::string& tls_name);
  [[nodiscard]] std::shared_ptr<upstream::UpstreamState> upstream(const std::string& name);
  // Of the upstream's servers of one rank.
  [[nodiscard]] std::shared_ptr<upstream::GroupState> group(const std::string& upstream, std::size_t tier);
  [[nodiscard]] std::shared_ptr<ListenerState> listener(const std::string& name);
  // `name` says whose rate it is: whoever gives the same name shares its buckets.
  [[nodiscard]] std::shared_ptr<limits::RateLimiter> rate_limiter(const std::string& name);
  // Those with which the process before this one protected the tickets of a listener; nothing: none are known.
  void inherit_ticket_keys(const std::string& listener, const tls::TicketKeys& keys);
  [[nodiscard]] std::optional<tls::TicketKeys> inherited_ticket_keys(const std::string& listener) const;
  // Drops the entries nobody refers to any more.
  void forget_unused();

 private:
  std::map<std::string, std::weak_ptr<upstream::ServerState>> servers_;
  std::map<std::string, std::weak_ptr<upstream::UpstreamState>> upstreams_;
  std::map<std::string, std::weak_ptr<upstream::GroupState>> groups_;
  std::map<std::string, std::weak_ptr<ListenerState>> listeners_;
  std::map<std::string, std::weak_ptr<limits::RateLimiter>> rate_limiters_;
  std::map<std::string, tls::TicketKeys> ticket_keys_;
};

}  // namespace hawser::proxy
