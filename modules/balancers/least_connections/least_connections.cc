// Fewest live sessions per weight: see README.md beside this file.
#include <utility>

#include "upstream/balancer.h"

namespace hawser::upstream {

const BalancerModule& least_connections_module();

namespace {

class LeastConnections final : public Balancer {
 public:
  LeastConnections(const ServerGroup& group, Rng rng) noexcept : group_(group), rng_(rng) {}

  [[nodiscard]] std::optional<ServerIndex> pick(const PickRequest& request) noexcept override;

 private:
  const ServerGroup& group_;
  Rng rng_;
};

// One pass: the n-th server of a tie replaces the choice with a chance of 1 / n, so each of them is as likely.
std::optional<ServerIndex> LeastConnections::pick(const PickRequest& request) noexcept {
  struct Choice {
    ServerIndex index;
    SessionLoad load;
  };
  std::optional<Choice> best;
  std::uint64_t ties = 0;
  for (ServerIndex index = 0; index < group_.servers.size(); ++index) {
    if (!is_candidate(group_, request, index)) continue;
    const SessionLoad load(group_.servers[index]);
    if (best && load > best->load) continue;
    ties = best && load == best->load ? ties + 1 : 1;
    if (ties == 1 || rng_.below(ties) == 0) best = Choice{index, load};
  }
  if (!best) return std::nullopt;
  return best->index;
}

class LeastConnectionsPlan final : public BalancerPlan {
 public:
  explicit LeastConnectionsPlan(std::shared_ptr<const ServerGroup> group) noexcept : group_(std::move(group)) {}

  [[nodiscard]] std::unique_ptr<Balancer> make_balancer(Rng rng, const Balancer*) const override {
    return std::make_unique<LeastConnections>(*group_, rng);
  }

 private:
  std::shared_ptr<const ServerGroup> group_;
};

std::unique_ptr<BalancerPlan> compile(std::shared_ptr<const ServerGroup> group, const BalancerOptions&) {
  return std::make_unique<LeastConnectionsPlan>(std::move(group));
}

}  // namespace

const BalancerModule& least_connections_module() {
  static constexpr BalancerModule kModule{.name = "least_connections", .compile = compile};
  return kModule;
}

}  // namespace hawser::upstream
