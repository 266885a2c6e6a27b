#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr std::array kMatchKeys{
    Key{.name = "listener",
        .type = Type::text,
        .slot = nested<&Route::match, &RouteMatch::listener>(),
        .description = "The name of the listener that accepted the client",
        .range = {1},
        .where = &Access<&Route::listener_where>::get},
    Key{.name = "host",
        .type = Type::host_pattern,
        .slot = nested<&Route::match, &RouteMatch::host>(),
        .description = "The host that was asked for, or *.example.com for any of its subdomains",
        .range = {1, 255}},
    Key{.name = "path",
        .type = Type::url_path,
        .slot = nested<&Route::match, &RouteMatch::path>(),
        .description = "The whole path",
        .range = {1}},
    Key{.name = "path_prefix",
        .type = Type::url_path,
        .slot = nested<&Route::match, &RouteMatch::path_prefix>(),
        .description = "What the path begins with, in whole segments: /ws matches /ws and /ws/x but not /wsx",
        .range = {1}},
    Key{.name = "path_regex",
        .type = Type::text,
        .slot = nested<&Route::match, &RouteMatch::path_regex>(),
        .description = "A regular expression (RE2) found anywhere in the path unless it is anchored",
        .range = {1},
        .where = &Access<&Route::regex_where>::get},
    Key{.name = "method",
        .type = Type::token,
        .slot = nested<&Route::match, &RouteMatch::method>(),
        .description = "The method of the request, for example GET",
        .range = {1}},
    Key{.name = "headers",
        .type = Type::name_values,
        .slot = nested<&Route::match, &RouteMatch::headers>(),
        .description = "Headers that must be there with exactly these values",
        .name_type = Type::token},
    Key{.name = "query",
        .type = Type::name_values,
        .slot = nested<&Route::match, &RouteMatch::query>(),
        .description = "Arguments of the query that must be there with exactly these values"},
};
constexpr Section kMatch{kMatchKeys, {}};

constexpr std::array kWebsocketKeys{
    Key{.name = "enabled",
        .type = Type::boolean,
        .slot = field<&Route::websocket_enabled>(),
        .description = "false removes Upgrade from requests and relays them as plain HTTP",
        .default_text = "true"},
};
constexpr Words<14> kWebsocketPlanned{"idle_timeout",   "ping_interval",   "pong_timeout",  "max_message_size",
                                      "max_fragments",  "message_rate",    "byte_rate",     "max_lifetime",
                                      "jitter",         "allowed_origins", "slow_consumer", "on_server_lost",
                                      "on_server_down", "redial"};
constexpr Section kWebsocket{kWebsocketKeys, kWebsocketPlanned};

constexpr std::array kRouteKeys{
    Key{.name = "name",
        .type = Type::text,
        .slot = field<&Route::name>(),
        .description = "A name for logs; route-N when absent, N counted from 1",
        .range = {1, 128}},
    Key{.name = "match",
        .type = Type::map,
        .slot = same_object(),
        .description = "Conditions that must all hold; without any the route takes every request",
        .section = &kMatch},
    Key{.name = "upstream",
        .type = Type::text,
        .slot = field<&Route::upstream>(),
        .description = "The name of the upstream that gets the requests",
        .presence = Presence::required,
        .range = {1},
        .where = &Access<&Route::upstream_where>::get},
    Key{.name = "websocket",
        .type = Type::map,
        .slot = same_object(),
        .description = "How WebSocket sessions are treated",
        .section = &kWebsocket},
};
constexpr Words<11> kRoutePlanned{"split", "redirect",      "respond",      "rewrite",      "headers",   "allow",
                                  "deny",  "max_body_size", "request_rate", "upgrade_rate", "on_removed"};

}  // namespace

constinit const Section kRouteSection{kRouteKeys, kRoutePlanned};

}  // namespace hawser::config
