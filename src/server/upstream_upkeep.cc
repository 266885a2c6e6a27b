#include "server/upstream_upkeep.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxy/compile_upstream.h"
#include "server/configuration_loader.h"
#include "upstream/server_lease.h"
#include "upstream/wait_queue.h"

namespace hawser::server {

namespace {

// How often it is looked whether a server that was not free by a session's end is free now, and how ports stand.
constexpr Duration kRound = std::chrono::milliseconds(250);

// Of the ports that one server can be reached from: a warning above the first share, the next one only after fewer than
// the second were in use.
constexpr std::uint64_t kWarnPercent = 90;
constexpr std::uint64_t kCalmPercent = 80;

}  // namespace

UpstreamUpkeep::UpstreamUpkeep(event::Loop& loop, log::Logger& logger, proxy::StateRegistry& states, std::uint64_t seed,
                               std::shared_ptr<upstream::KnownNames> known, Publish publish, std::uint32_t port_count)
    : loop_(loop),
      logger_(logger),
      states_(states),
      publish_(std::move(publish)),
      discovery_(loop, &logger, Rng(seed), std::move(known)),
      health_(loop, tls_scratch_, logger, Rng(seed + 1),
              [this](const upstream::HealthTarget& target) { on_server_up(target); }),
      round_(*this),
      port_count_(port_count) {}

void UpstreamUpkeep::prepare(const config::Configuration& configuration, std::move_only_function<void()> done) {
  discovery_.prepare(configuration, kDiscoveryTimeout, std::move(done));
}

upstream::Members UpstreamUpkeep::members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const {
  return discovery_.members_of(upstream, diagnostics);
}

void UpstreamUpkeep::adopt(const config::Configuration& configuration, const proxy::Snapshot& snapshot) {
  const std::vector<std::shared_ptr<const proxy::Upstream>> before = std::exchange(upstreams_, snapshot.upstreams);
  configured_ = configuration.upstreams;
  for (const auto& upstream : upstreams_) {
    const auto predecessor = std::ranges::find_if(before, [&](const auto& old) { return old->name == upstream->name; });
    proxy::put_into_use(*upstream, predecessor != before.end() ? predecessor->get() : nullptr);
  }
  adopt_health_targets();
  forget_absent_servers();
  discovery_.watch(configuration, [this](const std::string& name) { on_members_changed(name); });
  loop_.arm(round_, kRound);
}

void UpstreamUpkeep::finish_adoption() {
  for (const auto& upstream : upstreams_) proxy::close_for_use(*upstream);
}

void UpstreamUpkeep::on_members_changed(const std::string& name) {
  const auto configured =
      std::ranges::find_if(configured_, [&](const config::Upstream& upstream) { return upstream.name == name; });
  auto* const current = find(name);
  if (configured == configured_.end() || current == nullptr) return;
  config::Diagnostics logged_already;
  const upstream::Members members = discovery_.members_of(*configured, logged_already);
  const auto changed = proxy::with_members(**current, *configured, members, states_);
  proxy::put_into_use(*changed, current->get());
  *current = changed;
  adopt_health_targets();
  forget_absent_servers();
  publish_(changed, [changed] { proxy::close_for_use(*changed); });
  for (const proxy::Tier& tier : changed->tiers) upstream::grant_free_places(tier.group, loop_.now());
  states_.forget_unused();
}

void UpstreamUpkeep::adopt_health_targets() {
  std::vector<upstream::HealthTarget> targets;
  for (const auto& upstream : upstreams_) {
    if (!upstream->health_check) continue;
    for (const proxy::Tier& tier : upstream->tiers) {
      for (const upstream::Server& server : tier.group->servers) {
        if (server.state->is_blocked(upstream::Block::unresolved)) continue;
        targets.push_back(
            {upstream->name, server.name, upstream->target_of(server), server.state, upstream->health_check});
      }
    }
  }
  health_.adopt(std::move(targets));
}

// A server that left may come back as another one at the same place in memory.
void UpstreamUpkeep::forget_absent_servers() {
  std::unordered_set<const upstream::ServerState*> still_short;
  for (const auto& upstream : upstreams_) {
    for (const proxy::Tier& tier : upstream->tiers) {
      for (const upstream::Server& server : tier.group->servers) {
        if (short_of_ports_.contains(server.state.get())) still_short.insert(server.state.get());
      }
    }
  }
  short_of_ports_ = std::move(still_short);
}

void UpstreamUpkeep::on_server_up(const upstream::HealthTarget& target) {
  auto* const upstream = find(target.upstream);
  if (upstream == nullptr) return;
  for (const proxy::Tier& tier : (*upstream)->tiers) {
    for (const upstream::Server& server : tier.group->servers) {
      if (server.state != target.state) continue;
      begin_slow_start(*tier.group, server);
      upstream::grant_free_places(tier.group, loop_.now());
    }
  }
}

void UpstreamUpkeep::on_delay(event::Delay& /*delay*/) {
  for (const auto& upstream : upstreams_) {
    for (const proxy::Tier& tier : upstream->tiers) {
      if (upstream->state->queue().has_waiters()) upstream::grant_free_places(tier.group, loop_.now());
    }
    warn_of_ports(*upstream);
  }
  loop_.arm(round_, kRound);
}

void UpstreamUpkeep::warn_of_ports(const proxy::Upstream& upstream) {
  for (const proxy::Tier& tier : upstream.tiers) {
    for (const upstream::Server& server : tier.group->servers) {
      if (server.address.ip() == nullptr) continue;
      const std::size_t sources = upstream.sources ? upstream.sources->count_for(server.address) : 1;
      const std::uint64_t ports = std::uint64_t{port_count_} * std::max<std::size_t>(sources, 1);
      const std::uint64_t percent = std::uint64_t{server.state->live_sessions()} * 100 / ports;
      if (percent < kCalmPercent) short_of_ports_.erase(server.state.get());
      if (percent < kWarnPercent || !short_of_ports_.insert(server.state.get()).second) continue;
      logger_.write(log::Level::warn, log::LineBuilder("source ports to a server run out; give more source_addresses")
                                          .add("upstream", upstream.name)
                                          .add("server", server.name)
                                          .add("sessions", static_cast<std::int64_t>(server.state->live_sessions()))
                                          .add("ports", static_cast<std::int64_t>(ports))
                                          .text());
    }
  }
}

std::shared_ptr<const proxy::Upstream>* UpstreamUpkeep::find(const std::string& name) {
  const auto found = std::ranges::find_if(upstreams_, [&](const auto& upstream) { return upstream->name == name; });
  return found != upstreams_.end() ? &*found : nullptr;
}

}  // namespace hawser::server
