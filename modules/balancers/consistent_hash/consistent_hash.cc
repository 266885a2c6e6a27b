// The same key to the same server: see README.md beside this file.
#include <algorithm>
#include <cmath>
#include <utility>

#include "balancers/consistent_hash/hash_ring.h"
#include "base/hash.h"
#include "upstream/balancer.h"

namespace hawser::upstream {

const BalancerModule& consistent_hash_module();

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kThousandths = 1000;

class ConsistentHashPlan final : public BalancerPlan {
 public:
  ConsistentHashPlan(std::shared_ptr<const ServerGroup> group, const BalancerOptions& options);

  [[nodiscard]] std::unique_ptr<Balancer> make_balancer(Rng rng, const Balancer* predecessor) const override;

  [[nodiscard]] const ServerGroup& group() const noexcept { return *group_; }
  [[nodiscard]] const HashRing& ring() const noexcept { return ring_; }
  [[nodiscard]] bool is_bounded() const noexcept { return factor_thousandths_ != 0; }
  [[nodiscard]] std::uint64_t total_weight() const noexcept { return total_weight_; }
  // Whether one session more keeps the server within factor × (total + 1) × its share of `open_weight`, rounded up.
  [[nodiscard]] bool has_room(ServerIndex index, std::uint64_t total_sessions,
                              std::uint64_t open_weight) const noexcept;

 private:
  std::shared_ptr<const ServerGroup> group_;
  HashRing ring_;
  std::uint64_t total_weight_ = 0;
  std::uint64_t factor_thousandths_ = 0;  // 0: loads are not bounded
};

class ConsistentHash final : public Balancer {
 public:
  explicit ConsistentHash(const ConsistentHashPlan& plan) noexcept : plan_(plan) {}

  [[nodiscard]] std::optional<ServerIndex> pick(const PickRequest& request) noexcept override;

 private:
  [[nodiscard]] std::optional<ServerIndex> pick_with_room(const PickRequest& request, std::size_t start,
                                                          ServerIndex home) const noexcept;
  template <class Accept>
  [[nodiscard]] std::optional<ServerIndex> walk(const PickRequest& request, std::size_t start,
                                                Accept accept) const noexcept;
  [[nodiscard]] std::uint64_t open_weight(const PickRequest& request) const noexcept;

  const ConsistentHashPlan& plan_;
};

ConsistentHashPlan::ConsistentHashPlan(std::shared_ptr<const ServerGroup> group, const BalancerOptions& options)
    : group_(std::move(group)), ring_(*group_) {
  for (const Server& server : group_->servers) total_weight_ += server.weight;
  if (options.balance_factor == 0.0) return;
  const auto thousandths = std::llround(std::min(options.balance_factor, 1e6) * double{kThousandths});
  factor_thousandths_ = std::max(kThousandths, static_cast<std::uint64_t>(std::max(thousandths, 0LL)));
}

std::unique_ptr<Balancer> ConsistentHashPlan::make_balancer(Rng, const Balancer*) const {
  return std::make_unique<ConsistentHash>(*this);
}

// live + 1 <= ceil(limit) is live < limit, which needs no division.
bool ConsistentHashPlan::has_room(ServerIndex index, std::uint64_t total_sessions,
                                  std::uint64_t open_weight) const noexcept {
  const Server& server = group_->servers[index];
  const Wide live = Wide{server.state->live_sessions()} * kThousandths * open_weight;
  return live < Wide{factor_thousandths_} * (total_sessions + 1) * server.weight;
}

std::optional<ServerIndex> ConsistentHash::pick(const PickRequest& request) noexcept {
  const ServerGroup& group = plan_.group();
  if (group.servers.empty()) return std::nullopt;
  if (request.key.empty()) {
    group.state->count_keyless_pick();
    return pick_by_turn(group, request);
  }
  const std::size_t start = plan_.ring().find(hash64(request.key));
  const auto home = walk(request, start, [](ServerIndex) { return true; });
  if (!home || !plan_.is_bounded()) return home;
  return pick_with_room(request, start, *home);
}

// The share is one of the candidates' weight, which takes a pass over the servers; a server within its share of the
// whole weight is within that too. As the factor is 1 or more, the candidates cannot all be full, but for a race with
// other workers: then the key goes home.
std::optional<ServerIndex> ConsistentHash::pick_with_room(const PickRequest& request, std::size_t start,
                                                          ServerIndex home) const noexcept {
  const std::uint64_t sessions = plan_.group().state->live_sessions();
  if (plan_.has_room(home, sessions, plan_.total_weight())) return home;
  const std::uint64_t weight = open_weight(request);
  const auto found = walk(request, start, [&](ServerIndex index) { return plan_.has_room(index, sessions, weight); });
  return found ? found : home;
}

// The first candidate on the ring that `accept` takes. Points of few candidates among many servers are about as far
// apart as servers per candidate; so after as many points as servers it is worth looking whether there is a candidate
// at all.
template <class Accept>
std::optional<ServerIndex> ConsistentHash::walk(const PickRequest& request, std::size_t start,
                                                Accept accept) const noexcept {
  const HashRing& ring = plan_.ring();
  const std::size_t server_count = plan_.group().servers.size();
  std::size_t position = start;
  for (std::size_t step = 0; step < ring.size(); ++step) {
    if (step == server_count && open_weight(request) == 0) return std::nullopt;
    const ServerIndex owner = ring.owner(position);
    if (is_candidate(plan_.group(), request, owner) && accept(owner)) return owner;
    if (++position == ring.size()) position = 0;
  }
  return std::nullopt;
}

std::uint64_t ConsistentHash::open_weight(const PickRequest& request) const noexcept {
  const auto& servers = plan_.group().servers;
  std::uint64_t sum = 0;
  for (ServerIndex index = 0; index < servers.size(); ++index) {
    if (is_candidate(plan_.group(), request, index)) sum += servers[index].weight;
  }
  return sum;
}

std::unique_ptr<BalancerPlan> compile(std::shared_ptr<const ServerGroup> group, const BalancerOptions& options) {
  return std::make_unique<ConsistentHashPlan>(std::move(group), options);
}

}  // namespace

const BalancerModule& consistent_hash_module() {
  static constexpr BalancerModule kModule{
      .name = "consistent_hash", .needs_key = true, .takes_balance_factor = true, .compile = compile};
  return kModule;
}

}  // namespace hawser::upstream
