// What a configuration says of one route, as plain values. Immutable once read; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/location.h"
#include "config/upstream_config.h"

namespace hawser::config {

// Every condition that is set must hold; one that is empty always does.
struct RouteMatch {
  std::string listener;
  std::string host;         // exact, or *.example.com for any subdomain; lower case
  std::string path;         // exact
  std::string path_prefix;  // whole segments: /ws matches /ws and /ws/x, not /wsx; /ws/ matches only below
  std::string path_regex;   // RE2, anywhere in the path unless anchored
  std::string method;
  NameValues headers;
  NameValues query;
};

// A share of a route's requests.
struct Share {
  std::string upstream;
  std::uint32_t weight = 1;
  Location where;  // of upstream
};

struct Redirect {
  std::string to;  // a template
  std::uint16_t status = 301;
  Location where;  // of to
};

struct Respond {
  std::uint16_t status = 200;
  std::string body;  // a template
  std::string content_type = "text/plain";
  Location where;  // of body
};

struct Rewrite {
  std::string prefix;  // in place of match.path_prefix; empty: the path stays
  std::string host;    // a template, in place of the client's Host; empty: that
  Location where;
};

// Values are templates.
struct HeaderChanges {
  NameValues set;
  NameValues add;
  std::vector<std::string> remove;
  Location where;
};

struct RequestRate {
  double rate = 1;          // a second
  std::uint32_t burst = 0;  // 0: one second's worth, at least one
  std::string key;          // a template; empty: all together
  Location where;
};

struct RouteTimeouts {  // absent: what the upstream or the listener says
  OptionalDuration response_head;
  OptionalDuration read;
  OptionalDuration body;
};

struct ErrorPage {
  std::vector<StatusRange> statuses;  // within 400 to 599
  std::string file;                   // absolute path
  Location where;                     // of file
};

struct Route {
  std::string name;  // default: route-N, N counted from 1
  RouteMatch match;
  // Exactly one of these:
  std::string upstream;
  std::vector<Share> split;
  std::optional<Redirect> redirect;
  std::optional<Respond> respond;

  std::string split_key;  // a template; who has the same value goes the same way. Empty: each request by chance
  Rewrite rewrite;
  HeaderChanges request_headers;
  HeaderChanges response_headers;
  std::vector<std::string> allow;  // networks; empty: all
  std::vector<std::string> deny;   // before allow
  OptionalSize max_body_size;
  std::optional<RequestRate> request_rate;
  std::optional<RequestRate> upgrade_rate;
  RouteTimeouts timeouts;
  std::vector<ErrorPage> error_pages;
  bool websocket_enabled = true;
  Location where;
  Location regex_where;
  Location listener_where;  // of match.listener
  Location upstream_where;
  Location split_key_where;
  Location allow_where;
  Location deny_where;
};

}  // namespace hawser::config
