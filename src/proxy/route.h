// One route as it is compiled: what its requests must be, and what becomes of them. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/template_text.h"
#include "config/route_config.h"
#include "http/header_rules.h"
#include "limits/rate_limiter.h"
#include "proxy/error_pages.h"
#include "proxy/split.h"

namespace hawser::proxy {

// What a live relay keeps of its route.
struct RouteOptions {
  std::string name;
  bool is_websocket_enabled = true;
};

struct RouteRate {
  limits::Rate rate;
  TemplateText key;
  std::shared_ptr<limits::RateLimiter> limiter;  // shared by all workers, kept over reloads
};

struct RedirectAction {
  int status = 301;
  TemplateText location;
};

struct RespondAction {
  int status = 200;
  std::string content_type;
  TemplateText body;
};

struct RouteRewrite {
  std::string matched_prefix;  // what of the path is replaced
  std::string prefix;          // by this; empty: nothing is
  TemplateText host;           // empty: the client's
};

struct AccessRule {
  std::vector<IpNetwork> allow;  // empty: all
  std::vector<IpNetwork> deny;   // asked first
};

struct Route {
  std::shared_ptr<const RouteOptions> options;
  std::variant<RespondAction, RedirectAction, Split> action;
  RouteRewrite rewrite;
  http::HeaderRules request_headers;
  http::HeaderRules response_headers;
  AccessRule access;
  std::optional<std::uint64_t> max_body_size;  // bytes
  std::optional<RouteRate> request_rate;
  std::optional<RouteRate> upgrade_rate;
  config::RouteTimeouts timeouts;
  std::shared_ptr<const ErrorPages> error_pages;  // null: none
};

}  // namespace hawser::proxy
