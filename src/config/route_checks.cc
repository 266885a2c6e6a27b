#include "config/route_checks.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/source_text.h"
#include "config/unique_names.h"

namespace hawser::config {

namespace {

void check_split(const Route& route, Diagnostics& diagnostics) {
  UniqueNames names("the upstream", diagnostics);
  for (const Share& share : route.split) names.add(share.upstream, share.where);
  const auto weighs = [](const Share& share) { return share.weight > 0; };
  if (route.split.empty() || std::ranges::any_of(route.split, weighs)) return;
  diagnostics.push_back({route.where, "'split' needs a weight above 0"});
}

// RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5.
void check_respond(const Route& route, Diagnostics& diagnostics) {
  if (!route.respond || route.respond->body.empty()) return;
  const std::uint16_t status = route.respond->status;
  if (status != 204 && status != 205 && status != 304) return;
  diagnostics.push_back({route.respond->where, "an answer with status " + std::to_string(status) + " has no body"});
}

void check_rewrite(const Route& route, Diagnostics& diagnostics) {
  if (route.rewrite.prefix.empty() || !route.match.path_prefix.empty()) return;
  diagnostics.push_back({route.rewrite.where, "'prefix' takes the place of match.path_prefix, which is not given"});
}

void check_set_headers(const HeaderChanges& changes, Diagnostics& diagnostics) {
  for (auto name = changes.set.begin(); name != changes.set.end(); ++name) {
    const auto is_same = [&](const auto& other) { return equals_ignoring_case(other.first, name->first); };
    if (std::none_of(changes.set.begin(), name, is_same)) continue;
    diagnostics.push_back({changes.where, "the header " + in_quotes(name->first) + " is set twice"});
  }
}

void check_request_headers(const Route& route, Diagnostics& diagnostics) {
  const HeaderChanges& changes = route.request_headers;
  const bool is_empty = changes.set.empty() && changes.add.empty() && changes.remove.empty();
  const bool answers_itself = route.redirect || route.respond;
  if (is_empty || !answers_itself || is_proxied(route)) return;
  diagnostics.push_back({changes.where, "'request' goes with 'upstream' or 'split'"});
}

}  // namespace

bool is_proxied(const Route& route) noexcept { return !route.upstream.empty() || !route.split.empty(); }

void check_route(const Route& route, Diagnostics& diagnostics) {
  check_split(route, diagnostics);
  check_respond(route, diagnostics);
  check_rewrite(route, diagnostics);
  check_set_headers(route.request_headers, diagnostics);
  check_set_headers(route.response_headers, diagnostics);
  check_request_headers(route, diagnostics);
}

}  // namespace hawser::config
