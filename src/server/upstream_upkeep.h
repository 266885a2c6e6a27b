// The main thread's part of upstreams: keeps their members fresh, checks their servers, gives places that became free
// to sessions that wait, and warns before ports run out. Owned by the supervisor; main thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/rng.h"
#include "config/config.h"
#include "event/delay.h"
#include "event/inbox.h"
#include "event/loop.h"
#include "log/logger.h"
#include "proxy/snapshot.h"
#include "proxy/state_registry.h"
#include "tls/tls_scratch.h"
#include "upstream/discovery.h"
#include "upstream/health_monitor.h"
#include "upstream/source_pool.h"

namespace hawser::server {

class UpstreamUpkeep final : private event::DelayObserver {
 public:
  // Gives an upstream whose members changed to the workers; `on_adopted` runs on this thread when all have it.
  using Publish = std::function<void(std::shared_ptr<const proxy::Upstream> changed, event::Inbox::Task on_adopted)>;

  // `port_count` is how many ports connections of one local address to one server can have.
  UpstreamUpkeep(event::Loop& loop, log::Logger& logger, proxy::StateRegistry& states, std::uint64_t seed,
                 std::shared_ptr<upstream::KnownNames> known, Publish publish,
                 std::uint32_t port_count = upstream::ephemeral_port_count());

  // Asks for names in `configuration` that are not known yet, then calls `done`, perhaps from inside.
  void prepare(const config::Configuration& configuration, std::move_only_function<void()> done);
  [[nodiscard]] upstream::Members members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const;

  // These are in use from now on: tells the servers' states, checks and watches what they name, and no longer what they
  // do not. Before workers get the snapshot, so that a server which must be checked first is not used before.
  void adopt(const config::Configuration& configuration, const proxy::Snapshot& snapshot);
  // The workers have the snapshot: servers that it shuts out are shut out.
  void finish_adoption();

 private:
  void on_delay(event::Delay& delay) override;
  void on_members_changed(const std::string& name);
  void on_server_up(const upstream::HealthTarget& target);
  void adopt_health_targets();
  void forget_absent_servers();
  void warn_of_ports(const proxy::Upstream& upstream);
  [[nodiscard]] std::shared_ptr<const proxy::Upstream>* find(const std::string& name);

  event::Loop& loop_;
  log::Logger& logger_;
  proxy::StateRegistry& states_;
  Publish publish_;
  tls::TlsScratch tls_scratch_;
  upstream::Discovery discovery_;
  upstream::HealthMonitor health_;
  std::vector<config::Upstream> configured_;
  std::vector<std::shared_ptr<const proxy::Upstream>> upstreams_;
  std::unordered_set<const upstream::ServerState*> short_of_ports_;  // warned of already
  event::Delay round_;
  std::uint32_t port_count_;
};

}  // namespace hawser::server
