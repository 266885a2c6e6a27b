#include "proxy/compile_route.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/header_rules.h"
#include "proxy/compile_networks.h"
#include "proxy/compile_template.h"

namespace hawser::proxy {

namespace {

using config::Diagnostics;

// The reader took only names that rules may speak of.
http::HeaderRules compile_rules(const config::HeaderChanges& changes, Diagnostics& diagnostics) {
  http::HeaderRules rules;
  for (const std::string& name : changes.remove) rules.remove(name);
  for (const auto& [name, value] : changes.set) {
    rules.set(name, compile_template(value, changes.where, diagnostics));
  }
  for (const auto& [name, value] : changes.add) {
    rules.add(name, compile_template(value, changes.where, diagnostics));
  }
  return rules;
}

Split compile_split(const config::Route& route, Diagnostics& diagnostics) {
  std::vector<Split::Share> shares;
  for (const config::Share& share : route.split) shares.push_back({share.upstream, share.weight});
  if (shares.empty()) shares.push_back({route.upstream, 1});
  return {std::move(shares), compile_template(route.split_key, route.split_key_where, diagnostics)};
}

void compile_action(const config::Route& route, Route& compiled, Diagnostics& diagnostics) {
  if (route.redirect) {
    const config::Redirect& redirect = *route.redirect;
    compiled.action = RedirectAction{redirect.status, compile_template(redirect.to, redirect.where, diagnostics)};
  } else if (route.respond) {
    const config::Respond& respond = *route.respond;
    compiled.action =
        RespondAction{respond.status, respond.content_type, compile_template(respond.body, respond.where, diagnostics)};
  } else {
    compiled.action = compile_split(route, diagnostics);
  }
}

// One second's worth, at least one, where no burst is given.
std::uint32_t burst_of(const config::RequestRate& rate) {
  if (rate.burst != 0) return rate.burst;
  return static_cast<std::uint32_t>(std::max(rate.rate, 1.0));
}

// `kind` tells a route's limiters apart.
std::optional<RouteRate> compile_rate(const std::optional<config::RequestRate>& rate, const std::string& route,
                                      std::string_view kind, StateRegistry& states, Diagnostics& diagnostics) {
  if (!rate) return std::nullopt;
  return RouteRate{.rate = {.per_second = rate->rate, .burst = burst_of(*rate)},
                   .key = compile_template(rate->key, rate->where, diagnostics),
                   .limiter = states.rate_limiter(route + '\n' + std::string(kind))};
}

std::shared_ptr<const ErrorPages> compile_pages(const config::Route& route,
                                                const std::shared_ptr<const ErrorPages>& fallback,
                                                Diagnostics& diagnostics) {
  if (route.error_pages.empty()) return fallback;
  return ErrorPages::load(route.error_pages, fallback.get(), diagnostics);
}

std::shared_ptr<const RouteOptions> compile_options(const config::Route& route) {
  auto options = std::make_shared<RouteOptions>();
  options->name = route.name;
  options->is_websocket_enabled = route.websocket_enabled;
  return options;
}

}  // namespace

std::shared_ptr<const Route> compile_route(const config::Route& route,
                                           const std::shared_ptr<const ErrorPages>& fallback, StateRegistry& states,
                                           Diagnostics& diagnostics) {
  auto compiled = std::make_shared<Route>();
  compiled->options = compile_options(route);
  compile_action(route, *compiled, diagnostics);
  compiled->rewrite = {route.match.path_prefix, route.rewrite.prefix,
                       compile_template(route.rewrite.host, route.rewrite.where, diagnostics)};
  compiled->request_headers = compile_rules(route.request_headers, diagnostics);
  compiled->response_headers = compile_rules(route.response_headers, diagnostics);
  compiled->access.allow = compile_networks(route.allow, route.allow_where, diagnostics);
  compiled->access.deny = compile_networks(route.deny, route.deny_where, diagnostics);
  if (route.max_body_size) compiled->max_body_size = route.max_body_size->bytes;
  compiled->request_rate = compile_rate(route.request_rate, route.name, "request_rate", states, diagnostics);
  compiled->upgrade_rate = compile_rate(route.upgrade_rate, route.name, "upgrade_rate", states, diagnostics);
  compiled->timeouts = route.timeouts;
  compiled->error_pages = compile_pages(route, fallback, diagnostics);
  return compiled;
}

}  // namespace hawser::proxy
