// Smooth weighted turns: see README.md beside this file.
#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "upstream/balancer.h"

namespace hawser::upstream {

const BalancerModule& weighted_round_robin_module();

namespace {

__extension__ using Wide = __int128;

// A new worker's schedule is started at a random place by running it forward; this bounds the servers visited for it.
constexpr std::uint64_t kPhaseVisits = 65'536;

std::int64_t weight_of_all(const ServerGroup& group) noexcept {
  return std::accumulate(group.servers.begin(), group.servers.end(), std::int64_t{0},
                         [](std::int64_t sum, const Server& server) { return sum + server.weight; });
}

// Every pick lends each candidate its weight as credit; the one with most credit is chosen and pays back what was lent
// to all. So the sum of all credit stays 0, and no server comes to owe as much as the weight of all.
class WeightedRoundRobin final : public Balancer {
 public:
  WeightedRoundRobin(const ServerGroup& group, Rng rng);

  [[nodiscard]] std::optional<ServerIndex> pick(const PickRequest& request) noexcept override {
    return advance([&](ServerIndex index) { return is_candidate(group_, request, index); });
  }

  void start_at_random_phase();
  void continue_from(const WeightedRoundRobin& predecessor);

 private:
  template <class IsOpen>
  std::optional<ServerIndex> advance(IsOpen is_open) noexcept;
  void centre_credit(const std::vector<ServerIndex>& carried);

  const ServerGroup& group_;
  Rng rng_;
  std::size_t first_ = 0;  // who wins a tie: the first from here on
  std::vector<std::int64_t> credit_;
};

WeightedRoundRobin::WeightedRoundRobin(const ServerGroup& group, Rng rng)
    : group_(group), rng_(rng), credit_(group.servers.size(), 0) {
  first_ = rng_.below(credit_.size());
}

template <class IsOpen>
std::optional<ServerIndex> WeightedRoundRobin::advance(IsOpen is_open) noexcept {
  std::optional<ServerIndex> best;
  std::int64_t lent = 0;
  std::size_t next = first_;
  for (std::size_t visited = 0; visited < credit_.size(); ++visited) {
    const auto index = static_cast<ServerIndex>(next);
    if (++next == credit_.size()) next = 0;
    if (!is_open(index)) continue;
    const std::int64_t weight = group_.servers[index].weight;
    lent += weight;
    credit_[index] += weight;
    if (!best || credit_[index] > credit_[*best]) best = index;
  }
  if (best) credit_[*best] -= lent;
  return best;
}

void WeightedRoundRobin::start_at_random_phase() {
  if (credit_.empty()) return;
  const auto cycle = static_cast<std::uint64_t>(weight_of_all(group_));
  const std::uint64_t turns = rng_.below(std::min(cycle, kPhaseVisits / credit_.size() + 1));
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    static_cast<void>(advance([](ServerIndex) { return true; }));
  }
}

// Credit is scaled to the new weight of all, so that a change of weights cannot leave a debt that takes long to pay.
void WeightedRoundRobin::continue_from(const WeightedRoundRobin& predecessor) {
  const auto& old_servers = predecessor.group_.servers;
  std::unordered_multimap<std::string_view, std::size_t> old_by_name;
  for (std::size_t index = 0; index < old_servers.size(); ++index) old_by_name.emplace(old_servers[index].name, index);
  const std::int64_t old_weight = std::max<std::int64_t>(weight_of_all(predecessor.group_), 1);
  const std::int64_t new_weight = weight_of_all(group_);
  std::vector<ServerIndex> carried;
  for (std::size_t index = 0; index < credit_.size(); ++index) {
    const auto found = old_by_name.find(group_.servers[index].name);
    if (found == old_by_name.end()) continue;
    credit_[index] = static_cast<std::int64_t>(Wide{predecessor.credit_[found->second]} * new_weight / old_weight);
    if (found->second == predecessor.first_) first_ = index;
    carried.push_back(static_cast<ServerIndex>(index));
    old_by_name.erase(found);
  }
  centre_credit(carried);
}

// Servers that left took their credit or debt along; without this a newcomer, at 0, would start ahead or behind.
void WeightedRoundRobin::centre_credit(const std::vector<ServerIndex>& carried) {
  if (carried.empty()) return;
  std::int64_t sum = 0;
  for (const ServerIndex index : carried) sum += credit_[index];
  const std::int64_t mean = sum / static_cast<std::int64_t>(carried.size());
  for (const ServerIndex index : carried) credit_[index] -= mean;
}

class WeightedRoundRobinPlan final : public BalancerPlan {
 public:
  explicit WeightedRoundRobinPlan(std::shared_ptr<const ServerGroup> group) noexcept : group_(std::move(group)) {}

  [[nodiscard]] std::unique_ptr<Balancer> make_balancer(Rng rng, const Balancer* predecessor) const override {
    auto balancer = std::make_unique<WeightedRoundRobin>(*group_, rng);
    if (const auto* same_kind = dynamic_cast<const WeightedRoundRobin*>(predecessor)) {
      balancer->continue_from(*same_kind);
    } else {
      balancer->start_at_random_phase();
    }
    return balancer;
  }

 private:
  std::shared_ptr<const ServerGroup> group_;
};

std::unique_ptr<BalancerPlan> compile(std::shared_ptr<const ServerGroup> group, const BalancerOptions&) {
  return std::make_unique<WeightedRoundRobinPlan>(std::move(group));
}

}  // namespace

const BalancerModule& weighted_round_robin_module() {
  static constexpr BalancerModule kModule{.name = "weighted_round_robin", .compile = compile};
  return kModule;
}

}  // namespace hawser::upstream
