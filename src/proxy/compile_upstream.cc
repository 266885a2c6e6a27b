#include "proxy/compile_upstream.h"

#include <algorithm>
#include <utility>

#include "event/host_lookup.h"
#include "log/access_log.h"
#include "upstream/balancer_registry.h"

namespace hawser::proxy {

namespace {

using config::Diagnostics;
using config::Severity;

upstream::Server make_server(const config::Server& server, const SocketAddress& address,
                             std::shared_ptr<upstream::ServerState> state) {
  upstream::Server made;
  made.name = server.address;
  made.address = address;
  made.weight = server.weight;
  made.state = std::move(state);
  return made;
}

// Every address of a host is a server of its own, as nginx has it.
void add_servers(const config::Upstream& upstream, const config::Server& server, StateRegistry& states,
                 upstream::ServerGroup& group, Diagnostics& diagnostics) {
  std::vector<SocketAddress> addresses;
  const auto literal = SocketAddress::parse(server.address);
  if (literal) {
    addresses.push_back(*literal);
  } else if (auto parts = split_host_port(server.address); parts && literal.error().code == ErrorCode::not_found) {
    auto found = event::lookup_host(parts->host, parts->port);
    if (!found) {
      diagnostics.push_back(
          {server.where, found.error().message + "; the server takes no sessions until a reload", Severity::warning});
      auto down = std::make_shared<upstream::ServerState>();
      down->block(upstream::Block::unresolved);
      group.servers.push_back(make_server(server, SocketAddress(), std::move(down)));
      return;
    }
    addresses = std::move(*found);
  } else {
    diagnostics.push_back({server.where, literal.error().message});
    return;
  }
  for (const SocketAddress& address : addresses) {
    upstream::Server made = make_server(server, address, states.server(upstream.name, address.to_string()));
    if (addresses.size() > 1) made.name = address.to_string();
    group.servers.push_back(std::move(made));
  }
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
  const auto report = [&](const std::string& message, Severity severity) {
    diagnostics.push_back({balance.where, "balancing method '" + balance.method + "' " + message, severity});
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

}  // namespace

std::shared_ptr<const Upstream> compile_upstream(const config::Upstream& upstream, StateRegistry& states,
                                                 Diagnostics& diagnostics) {
  auto compiled = std::make_shared<Upstream>();
  compiled->name = upstream.name;
  compiled->timeouts = upstream.timeouts;
  compiled->attempts = upstream.retry.attempts;
  auto group = std::make_shared<upstream::ServerGroup>();
  group->state = states.group(upstream.name);
  for (const config::Server& server : upstream.servers) add_servers(upstream, server, states, *group, diagnostics);
  compiled->group = group;
  auto key = TemplateText::compile(upstream.balance.key, log::is_known_variable);
  if (key) {
    compiled->key = std::move(*key);
  } else {
    diagnostics.push_back({upstream.balance.where, key.error().message});
  }
  if (const upstream::BalancerModule* module = find_module(upstream.balance, diagnostics)) {
    check_options(upstream, *module, diagnostics);
    upstream::BalancerOptions options;
    options.has_key = !upstream.balance.key.empty();
    options.balance_factor = upstream.balance.balance_factor;
    if (!group->servers.empty()) compiled->plan = module->compile(group, options);
  }
  return compiled;
}

}  // namespace hawser::proxy
