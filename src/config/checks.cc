#include "config/checks.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/socket_address.h"
#include "config/nearest.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

// A file with more names or errors than these gets no hints, which would take a time that nobody waits for.
constexpr std::size_t kMostCandidates = 10'000;
constexpr std::size_t kMostHints = 100;

std::string place(const Location& where) {
  return to_string(Diagnostic{{where.file, where.line, where.column, ""}, ""});
}

// Where each name was seen first; adds an error when it comes again.
class Names {
 public:
  Names(std::string_view what, Diagnostics& diagnostics) : what_(what), diagnostics_(diagnostics) {}

  // False when it was there before.
  bool add(std::string_view name, const Location& where) {
    if (name.empty()) return true;
    const auto [first, is_new] = seen_.emplace(name, &where);
    if (is_new) in_order_.push_back(name);
    if (is_new) return true;
    std::string first_place = place(*first->second);
    if (first_place.ends_with(": ")) first_place.resize(first_place.size() - 2);
    diagnostics_.push_back(
        {where, std::string(what_) + " " + in_quotes(name) + " is there twice, first at " + first_place});
    return false;
  }

  [[nodiscard]] bool has(std::string_view name) const { return seen_.contains(name); }

  [[nodiscard]] std::string hint(std::string_view name) const {
    const bool is_worth_it = in_order_.size() <= kMostCandidates && diagnostics_.size() <= kMostHints;
    return is_worth_it ? did_you_mean(name, in_order_) : std::string();
  }

 private:
  std::string_view what_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, const Location*> seen_;
  std::vector<std::string_view> in_order_;
};

// Whether the key itself was refused, so that nothing can be said about what it holds.
bool is_refused(std::string_view key, const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [key](const Diagnostic& diagnostic) { return diagnostic.where.path == key; });
}

bool has_port_zero(std::string_view address) {
  const auto parsed = SocketAddress::parse(address);
  return parsed && parsed->ip() != nullptr && parsed->ip()->port == 0;
}

Names check_listeners(const Configuration& configuration, Diagnostics& diagnostics) {
  Names names("the listener name", diagnostics);
  Names addresses("the listener address", diagnostics);
  for (const Listener& listener : configuration.listeners) {
    const bool is_new = has_port_zero(listener.address) || addresses.add(listener.address, listener.where);
    // A name that is only the repeated address is not worth a second message.
    if (is_new || listener.name != listener.address) names.add(listener.name, listener.where);
  }
  return names;
}

Names check_upstreams(const Configuration& configuration, Diagnostics& diagnostics) {
  Names names("the upstream name", diagnostics);
  for (const Upstream& upstream : configuration.upstreams) {
    names.add(upstream.name, upstream.where);
    Names servers("the server", diagnostics);
    for (const Server& server : upstream.servers) servers.add(server.address, server.where);
  }
  return names;
}

void check_routes(const Configuration& configuration, const Names& listeners, const Names& upstreams,
                  Diagnostics& diagnostics) {
  const bool knows_upstreams = !is_refused("upstreams", diagnostics);
  const bool knows_listeners = !is_refused("listeners", diagnostics);
  Names names("the route name", diagnostics);
  for (const Route& route : configuration.routes) {
    names.add(route.name, route.where);
    if (knows_upstreams && !route.upstream.empty() && !upstreams.has(route.upstream)) {
      diagnostics.push_back(
          {route.upstream_where, "unknown upstream " + in_quotes(route.upstream) + upstreams.hint(route.upstream)});
    }
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
  if (configuration.upstreams.empty()) missing("upstreams");
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
  const Names listeners = check_listeners(configuration, diagnostics);
  const Names upstreams = check_upstreams(configuration, diagnostics);
  check_routes(configuration, listeners, upstreams, diagnostics);
}

}  // namespace hawser::config
