// How a balancing method looks to the rest of Hawser: a module compiles a plan once per snapshot (main thread); each
// worker makes its own balancer from the plan (worker thread).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "upstream/server.h"

namespace hawser::upstream {

// Position in ServerGroup::servers.
using ServerIndex = std::uint32_t;

// Whether servers that are in slow start keep to their ramp.
enum class Ramp : std::uint8_t { kept, ignored };

// One choice to be made.
struct PickRequest {
  std::string_view key = {};                       // for methods that hash; empty: none
  std::span<const ServerState* const> tried = {};  // servers that failed this session already; few
  TimePoint now{};
  Ramp ramp = Ramp::kept;
};

// Whether `request` may have this server now: not tried yet, and taking new sessions.
[[nodiscard]] bool is_candidate(const ServerGroup& group, const PickRequest& request, ServerIndex index) noexcept;

// The candidate whose turn it is, from the position that all workers of the upstream share. Candidates get equal
// shares: the turn of a server that is none passes on without being charged to its successor. Nothing when none is a
// candidate. Lock-free; linear only in the servers passed over.
[[nodiscard]] std::optional<ServerIndex> pick_by_turn(const ServerGroup& group, const PickRequest& request) noexcept;

// Live sessions per weight at one moment, ordered exactly, without dividing.
struct SessionLoad {
  std::uint32_t live_sessions = 0;
  std::uint32_t weight = 1;  // from 1

  explicit SessionLoad(const Server& server) noexcept
      : live_sessions(server.state->live_sessions()), weight(server.weight) {}

  friend std::strong_ordering operator<=>(const SessionLoad& left, const SessionLoad& right) noexcept {
    return std::uint64_t{left.live_sessions} * right.weight <=> std::uint64_t{right.live_sessions} * left.weight;
  }
  friend bool operator==(const SessionLoad& left, const SessionLoad& right) noexcept {
    return (left <=> right) == std::strong_ordering::equal;
  }
};

// One worker's picker. Not shared between threads; allocates nothing in pick().
class Balancer {
 public:
  virtual ~Balancer() = default;
  // A server that is a candidate, or nothing when none is. Counts nothing: the caller takes the lease.
  [[nodiscard]] virtual std::optional<ServerIndex> pick(const PickRequest& request) noexcept = 0;
};

// What one snapshot compiled for one upstream; immutable, shared by all workers.
class BalancerPlan {
 public:
  virtual ~BalancerPlan() = default;
  // A worker's balancer. `predecessor` is that worker's balancer of the same upstream before a reload, or null; a
  // method that keeps state carries it over where the predecessor is of its own kind. The plan outlives the balancer.
  [[nodiscard]] virtual std::unique_ptr<Balancer> make_balancer(Rng rng, const Balancer* predecessor) const = 0;
};

struct BalancerOptions {
  bool has_key = false;         // a key template is configured
  double balance_factor = 0.0;  // 0: not given
};

// One folder of modules/balancers.
struct BalancerModule {
  std::string_view name;
  bool needs_key = false;  // the configuration must give one; without it, giving one is an error
  bool takes_balance_factor = false;
  bool uses_weights = true;  // false: a weight other than 1 gets a warning
  // The group is shared so that the plan may refer to it for life.
  std::unique_ptr<BalancerPlan> (*compile)(std::shared_ptr<const ServerGroup> group, const BalancerOptions& options);
};

}  // namespace hawser::upstream
