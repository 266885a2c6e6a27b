#include "proxy/compile_upstream.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_set>
#include <utility>

#include "proxy/compile_template.h"
#include "proxy/compile_upstream_tls.h"
#include "upstream/balancer_registry.h"

namespace hawser::proxy {

namespace {

using config::Diagnostics;
using config::Severity;
using upstream::ServerState;

std::uint32_t limit_of(const config::OptionalCount& count) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(count.value_or(ServerState::kNoLimit), ServerState::kNoLimit));
}

upstream::Server make_server(const config::Upstream& upstream, const upstream::Member& member, StateRegistry& states) {
  upstream::Server server;
  server.name = member.name;
  server.address = member.address;
  server.weight = member.settings.weight;
  server.max_sessions = limit_of(member.settings.max_sessions);
  server.is_enabled = member.settings.mode == config::ServerMode::up;
  if (upstream.tls) server.tls_name = upstream.tls->server_name.empty() ? member.host : upstream.tls->server_name;
  if (member.is_resolved) {
    server.state = states.server(upstream.name, member.address.to_string(), server.tls_name);
  } else {
    server.state = std::make_shared<ServerState>();
    server.state->block(upstream::Block::unresolved);
  }
  return server;
}

// Backups stand behind all others, whatever their priority.
using Rank = std::pair<bool, std::uint32_t>;

std::map<Rank, std::vector<upstream::Server>> rank_servers(const config::Upstream& upstream,
                                                           const upstream::Members& members, StateRegistry& states) {
  std::map<Rank, std::vector<upstream::Server>> ranked;
  for (const upstream::Member& member : members) {
    ranked[{member.settings.is_backup, member.priority}].push_back(make_server(upstream, member, states));
  }
  return ranked;
}

const upstream::BalancerModule* find_module(const config::Balance& balance, Diagnostics& diagnostics) {
  if (const upstream::BalancerModule* module = upstream::find_balancer(balance.method)) return module;
  std::string known;
  for (const upstream::BalancerModule* module : upstream::registered_balancers()) {
    known += (known.empty() ? "" : ", ") + std::string(module->name);
  }
  diagnostics.push_back({balance.where, "unknown balancing method '" + balance.method + "', known are " + known});
  return nullptr;
}

void check_options(const config::Upstream& upstream, const upstream::BalancerModule& module, Diagnostics& diagnostics) {
  const config::Balance& balance = upstream.balance;
  const config::Location& where = balance.where.file.empty() ? upstream.where : balance.where;
  const auto report = [&](const std::string& message, Severity severity) {
    diagnostics.push_back({where, "balancing method '" + balance.method + "' " + message, severity});
  };
  if (module.needs_key && balance.key.empty()) report("needs a key", Severity::error);
  if (!module.needs_key && !balance.key.empty()) report("takes no key", Severity::error);
  if (!module.takes_balance_factor && balance.balance_factor != 0.0) report("takes no balance_factor", Severity::error);
  const bool has_weights = std::any_of(upstream.servers.begin(), upstream.servers.end(),
                                       [](const config::Server& server) { return server.weight != 1; });
  if (has_weights && !module.uses_weights) {
    report("does not use weights; weighted_round_robin does", Severity::warning);
  }
}

upstream::BalancerOptions balancer_options(const config::Balance& balance) {
  upstream::BalancerOptions options;
  options.has_key = !balance.key.empty();
  options.balance_factor = balance.balance_factor;
  return options;
}

void add_tiers(const config::Upstream& upstream, const upstream::Members& members,
               const upstream::BalancerModule& module, StateRegistry& states, Upstream& compiled) {
  for (auto& [rank, servers] : rank_servers(upstream, members, states)) {
    auto group = std::make_shared<upstream::ServerGroup>();
    group->upstream = upstream.name;
    group->servers = std::move(servers);
    group->state = states.group(upstream.name, compiled.tiers.size());
    group->breaker = upstream.circuit_breaker;
    group->slow_start = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(upstream.slow_start.value_or(0), std::numeric_limits<std::uint32_t>::max()));
    compiled.tiers.push_back({group, module.compile(group, balancer_options(upstream.balance))});
  }
}

std::shared_ptr<const upstream::SourcePool> make_sources(const config::Upstream& upstream) {
  if (upstream.source_addresses.empty()) return nullptr;
  std::vector<IpAddress> addresses;
  for (const std::string& text : upstream.source_addresses) {
    if (const auto address = IpAddress::parse(text)) addresses.push_back(*address);  // the reader took only such
  }
  return std::make_shared<upstream::SourcePool>(addresses);
}

std::unordered_set<const ServerState*> states_of(const Upstream& upstream) {
  std::unordered_set<const ServerState*> states;
  for (const Tier& tier : upstream.tiers) {
    for (const upstream::Server& server : tier.group->servers) states.insert(server.state.get());
  }
  return states;
}

void close_for_use(const upstream::Server& server) {
  server.state->set_max_sessions(server.max_sessions);
  if (!server.is_enabled) server.state->block(upstream::Block::disabled);
}

}  // namespace

std::shared_ptr<const Upstream> compile_upstream(const config::Upstream& upstream, const upstream::Members& members,
                                                 const Upstream* predecessor, StateRegistry& states,
                                                 Diagnostics& diagnostics) {
  auto compiled = std::make_shared<Upstream>();
  compiled->name = upstream.name;
  compiled->state = states.upstream(upstream.name);
  compiled->timeouts = upstream.timeouts;
  compiled->retry = upstream.retry;
  compiled->queue = upstream.queue;
  compiled->keepalive = upstream.keepalive;
  compiled->sources = make_sources(upstream);
  if (upstream.health_check) compiled->health_check = std::make_shared<config::HealthCheck>(*upstream.health_check);
  if (upstream.tls) compile_upstream_tls(*upstream.tls, predecessor, *compiled, diagnostics);
  compiled->key = compile_template(upstream.balance.key, upstream.balance.where, diagnostics);
  if (const upstream::BalancerModule* module = find_module(upstream.balance, diagnostics)) {
    check_options(upstream, *module, diagnostics);
    add_tiers(upstream, members, *module, states, *compiled);
  }
  return compiled;
}

std::shared_ptr<const Upstream> with_members(const Upstream& predecessor, const config::Upstream& upstream,
                                             const upstream::Members& members, StateRegistry& states) {
  auto changed = std::make_shared<Upstream>(predecessor);
  changed->tiers.clear();
  if (const upstream::BalancerModule* module = upstream::find_balancer(upstream.balance.method)) {
    add_tiers(upstream, members, *module, states, *changed);
  }
  return changed;
}

void put_into_use(const Upstream& upstream, const Upstream* predecessor) {
  // Sessions that wait are given no server of a rank that is left empty.
  for (std::size_t tier = upstream.tiers.size(); predecessor != nullptr && tier < predecessor->tiers.size(); ++tier) {
    predecessor->tiers[tier].group->state->set_current(nullptr);
  }
  const auto known = predecessor != nullptr ? states_of(*predecessor) : std::unordered_set<const ServerState*>();
  for (const Tier& tier : upstream.tiers) {
    tier.group->state->set_current(tier.group);
    for (const upstream::Server& server : tier.group->servers) {
      ServerState& state = *server.state;
      const bool is_known = known.contains(&state);
      if (!is_known) close_for_use(server);
      state.set_max_sessions(std::max(server.max_sessions, state.max_sessions()));
      if (server.is_enabled) state.unblock(upstream::Block::disabled);
      if (!upstream::is_on(tier.group->breaker)) state.end_ejection();
      if (tier.group->slow_start == 0) begin_slow_start(state, *tier.group->state, 1.0, 0);  // ends it
      if (predecessor != nullptr && !is_known) begin_slow_start(*tier.group, server);
    }
  }
}

void close_for_use(const Upstream& upstream) {
  for (const Tier& tier : upstream.tiers) {
    for (const upstream::Server& server : tier.group->servers) close_for_use(server);
  }
}

}  // namespace hawser::proxy
