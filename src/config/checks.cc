#include "config/checks.h"

#include <algorithm>
#include <string_view>

#include "base/socket_address.h"
#include "config/route_checks.h"
#include "config/source_text.h"
#include "config/unique_names.h"
#include "config/upstream_checks.h"

namespace hawser::config {

namespace {

// Whether the key itself was refused, so that nothing can be said about what it holds.
bool is_refused(std::string_view key, const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [key](const Diagnostic& diagnostic) { return diagnostic.where.path == key; });
}

bool has_port_zero(std::string_view address) {
  const auto parsed = SocketAddress::parse(address);
  return parsed && parsed->ip() != nullptr && parsed->ip()->port == 0;
}

UniqueNames check_listeners(const Configuration& configuration, Diagnostics& diagnostics) {
  UniqueNames names("the listener name", diagnostics);
  UniqueNames addresses("the listener address", diagnostics);
  for (const Listener& listener : configuration.listeners) {
    const bool is_new = has_port_zero(listener.address) || addresses.add(listener.address, listener.where);
    // A name that is only the repeated address is not worth a second message.
    if (is_new || listener.name != listener.address) names.add(listener.name, listener.where);
  }
  return names;
}

UniqueNames check_upstreams(const Configuration& configuration, Diagnostics& diagnostics) {
  UniqueNames names("the upstream name", diagnostics);
  for (const Upstream& upstream : configuration.upstreams) {
    names.add(upstream.name, upstream.where);
    check_upstream(upstream, diagnostics);
  }
  return names;
}

void check_known(const Route& route, const UniqueNames& upstreams, Diagnostics& diagnostics) {
  const auto check = [&](const std::string& name, const Location& where) {
    if (name.empty() || upstreams.has(name)) return;
    diagnostics.push_back({where, "unknown upstream " + in_quotes(name) + upstreams.hint(name)});
  };
  check(route.upstream, route.upstream_where);
  for (const Share& share : route.split) check(share.upstream, share.where);
}

void check_routes(const Configuration& configuration, const UniqueNames& listeners, const UniqueNames& upstreams,
                  Diagnostics& diagnostics) {
  const bool knows_upstreams = !is_refused("upstreams", diagnostics);
  const bool knows_listeners = !is_refused("listeners", diagnostics);
  UniqueNames names("the route name", diagnostics);
  for (const Route& route : configuration.routes) {
    names.add(route.name, route.where);
    if (knows_upstreams) check_known(route, upstreams, diagnostics);
    check_route(route, diagnostics);
    const std::string& listener = route.match.listener;
    if (knows_listeners && !listener.empty() && !listeners.has(listener)) {
      diagnostics.push_back(
          {route.listener_where, "unknown listener " + in_quotes(listener) + listeners.hint(listener)});
    }
  }
}

void check_present(const Configuration& configuration, const std::string& file, Diagnostics& diagnostics) {
  const auto missing = [&](std::string_view key) {
    if (is_refused(key, diagnostics)) return;
    diagnostics.push_back({{file, 1, 1, ""}, "the key '" + std::string(key) + "' is missing or empty"});
  };
  if (configuration.listeners.empty()) missing("listeners");
  if (configuration.routes.empty()) missing("routes");
  // Routes that only redirect or respond need none.
  const bool needs_upstreams = configuration.routes.empty() || std::ranges::any_of(configuration.routes, is_proxied);
  if (configuration.upstreams.empty() && needs_upstreams) missing("upstreams");
}

}  // namespace

void fill_in_names(Configuration& configuration) {
  for (Listener& listener : configuration.listeners) {
    if (listener.name.empty()) listener.name = listener.address;
  }
  std::size_t number = 0;
  for (Route& route : configuration.routes) {
    ++number;
    if (route.name.empty()) route.name = "route-" + std::to_string(number);
  }
}

void check_configuration(const Configuration& configuration, const std::string& file, Diagnostics& diagnostics) {
  check_present(configuration, file, diagnostics);
  const UniqueNames listeners = check_listeners(configuration, diagnostics);
  const UniqueNames upstreams = check_upstreams(configuration, diagnostics);
  check_routes(configuration, listeners, upstreams, diagnostics);
}

}  // namespace hawser::config
