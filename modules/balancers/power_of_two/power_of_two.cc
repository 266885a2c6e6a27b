// The better of two random servers: see README.md beside this file.
#include <algorithm>
#include <utility>

#include "upstream/balancer.h"

namespace hawser::upstream {

const BalancerModule& power_of_two_module();

namespace {

// Draws from all servers before the candidates alone are gone through.
constexpr int kDraws = 16;

class PowerOfTwoPlan final : public BalancerPlan {
 public:
  explicit PowerOfTwoPlan(std::shared_ptr<const ServerGroup> group);

  [[nodiscard]] std::unique_ptr<Balancer> make_balancer(Rng rng, const Balancer* predecessor) const override;

  [[nodiscard]] const ServerGroup& group() const noexcept { return *group_; }
  // Any server, as likely as its weight; the group is not empty.
  [[nodiscard]] ServerIndex draw(Rng& rng) const noexcept;

 private:
  std::shared_ptr<const ServerGroup> group_;
  std::vector<std::uint64_t> weight_up_to_;  // sums of the weights, each server's own included
};

class PowerOfTwo final : public Balancer {
 public:
  PowerOfTwo(const PowerOfTwoPlan& plan, Rng rng) noexcept : plan_(plan), rng_(rng) {}

  [[nodiscard]] std::optional<ServerIndex> pick(const PickRequest& request) noexcept override;

 private:
  template <class IsOpen>
  std::optional<ServerIndex> draw(IsOpen is_open) noexcept;
  template <class IsOpen>
  std::optional<ServerIndex> draw_one_by_one(IsOpen is_open) noexcept;

  const PowerOfTwoPlan& plan_;
  Rng rng_;
};

PowerOfTwoPlan::PowerOfTwoPlan(std::shared_ptr<const ServerGroup> group) : group_(std::move(group)) {
  weight_up_to_.reserve(group_->servers.size());
  std::uint64_t sum = 0;
  for (const Server& server : group_->servers) weight_up_to_.push_back(sum += server.weight);
}

ServerIndex PowerOfTwoPlan::draw(Rng& rng) const noexcept {
  const auto found = std::ranges::upper_bound(weight_up_to_, rng.below(weight_up_to_.back()));
  return static_cast<ServerIndex>(found - weight_up_to_.begin());
}

std::unique_ptr<Balancer> PowerOfTwoPlan::make_balancer(Rng rng, const Balancer*) const {
  return std::make_unique<PowerOfTwo>(*this, rng);
}

std::optional<ServerIndex> PowerOfTwo::pick(const PickRequest& request) noexcept {
  const ServerGroup& group = plan_.group();
  if (group.servers.empty()) return std::nullopt;
  const auto first = draw([&](ServerIndex index) { return is_candidate(group, request, index); });
  if (!first) return std::nullopt;
  const auto second = draw([&](ServerIndex index) { return index != *first && is_candidate(group, request, index); });
  if (!second) return first;
  return SessionLoad(group.servers[*second]) < SessionLoad(group.servers[*first]) ? second : first;
}

template <class IsOpen>
std::optional<ServerIndex> PowerOfTwo::draw(IsOpen is_open) noexcept {
  for (int attempt = 0; attempt < kDraws; ++attempt) {
    const ServerIndex index = plan_.draw(rng_);
    if (is_open(index)) return index;
  }
  return draw_one_by_one(is_open);
}

// One pass: each open server replaces the choice with a chance of its weight among those seen, which leaves each chosen
// as likely as its weight.
template <class IsOpen>
std::optional<ServerIndex> PowerOfTwo::draw_one_by_one(IsOpen is_open) noexcept {
  const auto& servers = plan_.group().servers;
  std::optional<ServerIndex> chosen;
  std::uint64_t seen_weight = 0;
  for (ServerIndex index = 0; index < servers.size(); ++index) {
    if (!is_open(index)) continue;
    seen_weight += servers[index].weight;
    if (rng_.below(seen_weight) < servers[index].weight) chosen = index;
  }
  return chosen;
}

std::unique_ptr<BalancerPlan> compile(std::shared_ptr<const ServerGroup> group, const BalancerOptions&) {
  return std::make_unique<PowerOfTwoPlan>(std::move(group));
}

}  // namespace

const BalancerModule& power_of_two_module() {
  static constexpr BalancerModule kModule{.name = "power_of_two", .compile = compile};
  return kModule;
}

}  // namespace hawser::upstream
