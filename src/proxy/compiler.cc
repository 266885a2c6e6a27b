#include "proxy/compiler.h"

#include <utility>

#include "base/result.h"
#include "log/access_log.h"
#include "proxy/compile_networks.h"
#include "proxy/compile_route.h"
#include "proxy/compile_tls.h"
#include "proxy/compile_upstream.h"

namespace hawser::proxy {

namespace {

void add_listeners(const config::Configuration& configuration, const Snapshot* predecessor, StateRegistry& states,
                   Snapshot& snapshot, config::Diagnostics& diagnostics) {
  for (const config::Listener& listener : configuration.listeners) {
    auto address = SocketAddress::parse(listener.address);
    if (!address) {
      diagnostics.push_back({listener.where, address.error().message});
      continue;
    }
    auto options = std::make_shared<ListenerOptions>();
    options->name = listener.name;
    options->address = *address;
    options->timeouts = listener.timeouts;
    options->max_sessions = listener.max_sessions;
    options->max_sessions_per_ip = listener.max_sessions_per_ip;
    options->new_sessions_per_second = listener.new_sessions_per_second;
    options->max_head_size = listener.max_head_size.bytes;
    options->state = states.listener(listener.name);
    if (listener.tls) {
      compile_listener_tls(*listener.tls, listener.where, predecessor, states.inherited_ticket_keys(listener.name),
                           *options, diagnostics);
    }
    snapshot.listeners.push_back(std::move(options));
  }
}

void add_routes(const config::Configuration& configuration, StateRegistry& states, Snapshot& snapshot,
                config::Diagnostics& diagnostics) {
  for (const config::Route& route : configuration.routes) {
    if (auto added = snapshot.router.add(route.match); !added) {
      diagnostics.push_back({route.regex_where, added.error().message});
    }
    snapshot.routes.push_back(compile_route(route, snapshot.error_pages, states, diagnostics));
  }
}

void compile_access_format(const config::AccessLog& access_log, Snapshot& snapshot, config::Diagnostics& diagnostics) {
  auto format = log::AccessFormat::compile(access_log.format);
  if (format) {
    snapshot.access.format = std::move(*format);
  } else {
    diagnostics.push_back({access_log.where, format.error().message});
  }
}

const Upstream* find_upstream(const Snapshot* snapshot, const std::string& name) {
  if (snapshot == nullptr) return nullptr;
  for (const auto& upstream : snapshot->upstreams) {
    if (upstream->name == name) return upstream.get();
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Snapshot> compile_snapshot(const config::Configuration& configuration, const Snapshot* predecessor,
                                           const MemberSource& members, StateRegistry& states,
                                           config::Diagnostics& diagnostics) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = predecessor != nullptr ? predecessor->generation + 1 : 1;
  add_listeners(configuration, predecessor, states, *snapshot, diagnostics);
  for (const config::Upstream& upstream : configuration.upstreams) {
    const upstream::Members known = members(upstream, diagnostics);
    snapshot->upstreams.push_back(
        compile_upstream(upstream, known, find_upstream(predecessor, upstream.name), states, diagnostics));
  }
  const config::Location proxies_where{.file = configuration.file, .path = "trusted_proxies"};
  snapshot->trusted_proxies = compile_networks(configuration.trusted_proxies, proxies_where, diagnostics);
  snapshot->error_pages = ErrorPages::load(configuration.error_pages, nullptr, diagnostics);
  add_routes(configuration, states, *snapshot, diagnostics);
  compile_access_format(configuration.access_log, *snapshot, diagnostics);
  states.forget_unused();
  return config::has_errors(diagnostics) ? nullptr : std::move(snapshot);
}

}  // namespace hawser::proxy
