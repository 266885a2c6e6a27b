#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr std::array kBalanceKeys{
    Key{.name = "method",
        .type = Type::text,
        .slot = field<&Balance::method>(),
        .description = "The balancing method",
        .default_text = "round_robin",
        .range = {1}},
    Key{.name = "key",
        .type = Type::text,
        .slot = field<&Balance::key>(),
        .description = "What methods that hash go by, for example $remote_addr or $cookie_session",
        .range = {1}},
    Key{.name = "balance_factor",
        .type = Type::decimal,
        .slot = field<&Balance::balance_factor>(),
        .description = "How many times the average load a server may get before methods that hash pass it over",
        .range = {1, 100}},
};
constexpr Section kBalance{kBalanceKeys, {}};

constexpr std::array kServerKeys{
    Key{.name = "address",
        .type = Type::server_address,
        .slot = field<&Server::address>(),
        .description = "Where the server listens: host:port, [IPv6]:port or unix:/path",
        .presence = Presence::required,
        .range = {1}},
    Key{.name = "weight",
        .type = Type::integer,
        .slot = field<&Server::weight>(),
        .description = "The share of sessions in relation to other servers, for methods that weigh",
        .default_text = "1",
        .range = {1, 1000}},
};
constexpr Words<3> kServerPlanned{"max_sessions", "backup", "state"};
constexpr Section kServer{kServerKeys, kServerPlanned};

constexpr std::array kTimeoutsKeys{
    Key{.name = "connect",
        .type = Type::duration,
        .slot = field<&UpstreamTimeouts::connect>(),
        .description = "How long all attempts to connect may take together",
        .default_text = "5s",
        .range = kDurationRange},
    Key{.name = "response_head",
        .type = Type::duration,
        .slot = field<&UpstreamTimeouts::response_head>(),
        .description = "How long a server may take to begin its answer",
        .default_text = "60s",
        .range = kDurationRange},
    Key{.name = "read",
        .type = Type::duration,
        .slot = field<&UpstreamTimeouts::read>(),
        .description = "How long a server may pause within the body of a plain HTTP answer",
        .default_text = "60s",
        .range = kDurationRange},
};
constexpr Section kTimeouts{kTimeoutsKeys, {}};

constexpr std::array kRetryKeys{
    Key{.name = "attempts",
        .type = Type::integer,
        .slot = nested<&Upstream::retry, &Retry::attempts>(),
        .description = "How many servers are tried for one session, the first included",
        .default_text = "3",
        .range = {1, 100}},
};
constexpr Words<3> kRetryPlanned{"try_timeout", "backoff", "budget"};
constexpr Section kRetry{kRetryKeys, kRetryPlanned};

constexpr std::array kUpstreamKeys{
    Key{.name = "balance",
        .type = Type::map,
        .slot = object<&Upstream::balance>(),
        .description = "The method that picks a server: its name, or a map with its options",
        .section = &kBalance,
        .shorthand = "method",
        .where = [](void* upstream) { return &static_cast<Upstream*>(upstream)->balance.where; }},
    Key{.name = "servers",
        .type = Type::list,
        .slot = list<&Upstream::servers>(),
        .description = "The members of the upstream: addresses, or maps with their options",
        .presence = Presence::required,
        .range = {1},
        .section = &kServer,
        .shorthand = "address",
        .where = &Access<&Server::where>::get},
    Key{.name = "timeouts",
        .type = Type::map,
        .slot = object<&Upstream::timeouts>(),
        .description = "How long servers may take",
        .section = &kTimeouts},
    Key{.name = "retry",
        .type = Type::map,
        .slot = same_object(),
        .description = "What happens when a server cannot be reached",
        .section = &kRetry},
};
constexpr Words<11> kUpstreamPlanned{"discover",     "resolve",         "tls",        "send_proxy_protocol",
                                     "keepalive",    "queue",           "slow_start", "source_addresses",
                                     "health_check", "circuit_breaker", "rebalance"};

}  // namespace

constinit const Section kUpstreamSection{kUpstreamKeys, kUpstreamPlanned};

}  // namespace hawser::config
