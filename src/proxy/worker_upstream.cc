#include "proxy/worker_upstream.h"

#include <algorithm>
#include <utility>

namespace hawser::proxy {

using upstream::PickRequest;
using upstream::Ramp;
using upstream::ServerIndex;
using upstream::ServerLease;

namespace {

// How often another server is picked when the one picked was filled or closed by another worker in between.
constexpr int kAcquireAttempts = 32;

}  // namespace

WorkerUpstream::WorkerUpstream(std::shared_ptr<const Upstream> options, const WorkerUpstream* predecessor, Rng& rng)
    : options_(std::move(options)) {
  for (std::size_t tier = 0; tier < options_->tiers.size(); ++tier) {
    const bool has_predecessor = predecessor != nullptr && tier < predecessor->balancers_.size();
    balancers_.push_back(options_->tiers[tier].plan->make_balancer(
        Rng(rng.next()), has_predecessor ? predecessor->balancers_[tier].get() : nullptr));
  }
}

std::optional<WorkerUpstream::Place> WorkerUpstream::acquire(PickRequest request) noexcept {
  for (std::size_t tier = 0; tier < balancers_.size(); ++tier) {
    request.ramp = Ramp::kept;
    if (auto place = acquire_from(tier, request)) return place;
    if (options_->tiers[tier].group->slow_start == 0) continue;
    request.ramp = Ramp::ignored;
    if (auto place = acquire_from(tier, request)) return place;
  }
  return std::nullopt;
}

std::optional<WorkerUpstream::Place> WorkerUpstream::acquire_from(std::size_t tier,
                                                                  const PickRequest& request) noexcept {
  const auto& group = options_->tiers[tier].group;
  for (int attempt = 0; attempt < kAcquireAttempts; ++attempt) {
    const auto picked = balancers_[tier]->pick(request);
    if (!picked) return std::nullopt;
    const upstream::Server& server = group->servers[*picked];
    if (auto lease = ServerLease::try_acquire(group, server, request.now)) return Place{std::move(*lease), &server};
  }
  return std::nullopt;
}

bool WorkerUpstream::has_candidate(PickRequest request) const noexcept {
  request.ramp = Ramp::ignored;
  return std::ranges::any_of(options_->tiers, [&](const Tier& tier) {
    for (ServerIndex index = 0; index < tier.group->servers.size(); ++index) {
      if (is_candidate(*tier.group, request, index)) return true;
    }
    return false;
  });
}

bool WorkerUpstream::has_healthy_server(TimePoint now) const noexcept {
  return std::ranges::any_of(options_->tiers, [now](const Tier& tier) {
    return std::ranges::any_of(tier.group->servers,
                               [now](const upstream::Server& server) { return server.state->is_healthy(now); });
  });
}

bool WorkerUpstream::is_full(TimePoint now) const noexcept {
  return std::ranges::any_of(options_->tiers, [&](const Tier& tier) {
    return std::ranges::any_of(tier.group->servers, [&](const upstream::Server& server) {
      return server.state->is_healthy(now) && server.state->is_full();
    });
  });
}

}  // namespace hawser::proxy
