// One worker's view of an upstream: what it shares with the others and pickers of its own. Lives as long as somebody
// connects through it, also after a reload. One loop thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "proxy/snapshot.h"
#include "upstream/balancer.h"
#include "upstream/server_lease.h"

namespace hawser::proxy {

class WorkerUpstream {
 public:
  // Balancers carry their state over from `predecessor`, this worker's view of the same upstream before; may be null.
  WorkerUpstream(std::shared_ptr<const Upstream> options, const WorkerUpstream* predecessor, Rng& rng);

  [[nodiscard]] const Upstream& options() const noexcept { return *options_; }

  struct Place {
    upstream::ServerLease lease;
    const upstream::Server* server;  // of the options
  };
  // Picks from the first tier that has an eligible server and takes a place there; nothing when none has one. Slow
  // start is kept to unless only servers that are held back are left.
  [[nodiscard]] std::optional<Place> acquire(upstream::PickRequest request) noexcept;

  // Whether some server would be eligible that is not in request.tried.
  [[nodiscard]] bool has_candidate(upstream::PickRequest request) const noexcept;
  // Whether some server takes sessions, or would if it were not full.
  [[nodiscard]] bool has_healthy_server(TimePoint now) const noexcept;
  // Whether a server would take sessions if it were not full.
  [[nodiscard]] bool is_full(TimePoint now) const noexcept;

 private:
  [[nodiscard]] std::optional<Place> acquire_from(std::size_t tier, const upstream::PickRequest& request) noexcept;

  std::shared_ptr<const Upstream> options_;
  std::vector<std::unique_ptr<upstream::Balancer>> balancers_;  // of the tiers; die before their plans
};

}  // namespace hawser::proxy
