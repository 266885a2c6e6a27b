// Equal turns: see README.md beside this file.
#include <utility>

#include "upstream/balancer.h"

namespace hawser::upstream {

const BalancerModule& round_robin_module();

namespace {

class RoundRobin final : public Balancer {
 public:
  explicit RoundRobin(const ServerGroup& group) noexcept : group_(group) {}

  [[nodiscard]] std::optional<ServerIndex> pick(const PickRequest& request) noexcept override {
    return pick_by_turn(group_, request);
  }

 private:
  const ServerGroup& group_;
};

class RoundRobinPlan final : public BalancerPlan {
 public:
  explicit RoundRobinPlan(std::shared_ptr<const ServerGroup> group) noexcept : group_(std::move(group)) {}

  [[nodiscard]] std::unique_ptr<Balancer> make_balancer(Rng, const Balancer*) const override {
    return std::make_unique<RoundRobin>(*group_);
  }

 private:
  std::shared_ptr<const ServerGroup> group_;
};

std::unique_ptr<BalancerPlan> compile(std::shared_ptr<const ServerGroup> group, const BalancerOptions&) {
  return std::make_unique<RoundRobinPlan>(std::move(group));
}

}  // namespace

const BalancerModule& round_robin_module() {
  static constexpr BalancerModule kModule{.name = "round_robin", .uses_weights = false, .compile = compile};
  return kModule;
}

}  // namespace hawser::upstream
