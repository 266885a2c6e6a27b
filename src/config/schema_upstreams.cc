#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr std::array kBalanceKeys{
    Key{.name = "method",
        .type = Type::text,
        .slot = field<&Balance::method>(),
        .description = "How a server is picked; round_robin, least_connections and so on",
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

constexpr std::array kKeepaliveKeys{
    Key{.name = "idle",
        .type = Type::integer,
        .slot = field<&Keepalive::idle>(),
        .description = "Connections that each worker keeps to each server for the next requests; with 0 none is used "
                       "twice",
        .default_text = "32",
        .range = {0, 10'000}},
    Key{.name = "timeout",
        .type = Type::duration,
        .slot = field<&Keepalive::timeout>(),
        .description = "How long a connection may wait for a use; a server that says less in its answer is heeded",
        .default_text = "60s",
        .range = kDurationRange},
    Key{.name = "prewarm",
        .type = Type::integer,
        .slot = field<&Keepalive::prewarm>(),
        .description = "Connections that each worker keeps open to each server for the next upgrades",
        .default_text = "0",
        .range = {0, 1000}},
};
constexpr Section kKeepalive{kKeepaliveKeys};

constexpr std::array kQueueKeys{
    Key{.name = "size",
        .type = Type::integer,
        .slot = field<&Queue::size>(),
        .description = "Sessions that may wait for a place when every server is at its max_sessions",
        .default_text = "0",
        .range = {0, 1'000'000}},
    Key{.name = "timeout",
        .type = Type::duration,
        .slot = field<&Queue::timeout>(),
        .description = "How long a session may wait for a place",
        .default_text = "5s",
        .range = kDurationRange},
};
constexpr Section kQueue{kQueueKeys, {}};

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
        .section = &kServerSection,
        .shorthand = "address",
        .where = &Access<&Server::where>::get},
    Key{.name = "discover",
        .type = Type::map,
        .slot = object<&Upstream::discover>(),
        .description = "Where more servers are found; one of dns, srv and file",
        .section = &kDiscoverSection,
        .where = [](void* upstream) { return &static_cast<Upstream*>(upstream)->discover.where; }},
    Key{.name = "resolve",
        .type = Type::map,
        .slot = object<&Upstream::resolve>(),
        .description = "How often names are looked up: by their TTL within these limits",
        .section = &kResolveSection},
    Key{.name = "tls",
        .type = Type::map,
        .slot = optional_object<&Upstream::tls>(),
        .description = "TLS towards servers; plain text when absent",
        .section = &kUpstreamTlsSection,
        .shorthand = "enabled",
        .where = &Access<&UpstreamTls::where>::get},
    Key{.name = "timeouts",
        .type = Type::map,
        .slot = object<&Upstream::timeouts>(),
        .description = "How long servers may take",
        .section = &kTimeouts},
    Key{.name = "keepalive",
        .type = Type::map,
        .slot = object<&Upstream::keepalive>(),
        .description = "Connections that wait for a use",
        .section = &kKeepalive},
    Key{.name = "retry",
        .type = Type::map,
        .slot = object<&Upstream::retry>(),
        .description = "What happens when a server cannot be reached or refuses an upgrade",
        .section = &kRetrySection},
    Key{.name = "queue",
        .type = Type::map,
        .slot = object<&Upstream::queue>(),
        .description = "Sessions that wait when all servers are full; first come, first served",
        .section = &kQueue},
    Key{.name = "slow_start",
        .type = Type::count,
        .slot = field<&Upstream::slow_start>(),
        .description = "Sessions over which a server that comes back grows to its full share",
        .default_text = "off",
        .range = {1, 1'000'000}},
    Key{.name = "source_addresses",
        .type = Type::text_list,
        .slot = field<&Upstream::source_addresses>(),
        .description = "Local addresses that connections come from, by turns; the system chooses when empty",
        .range = {1},
        .name_type = Type::ip_address},
    Key{.name = "health_check",
        .type = Type::map,
        .slot = optional_object<&Upstream::health_check>(),
        .description = "Checks that tell which servers get new sessions: off, a type, or a map with its options",
        .default_text = "off",
        .section = &kHealthCheckSection,
        .shorthand = "type",
        .where = &Access<&HealthCheck::where>::get},
    Key{.name = "circuit_breaker",
        .type = Type::map,
        .slot = object<&Upstream::circuit_breaker>(),
        .description = "When a server gets no new sessions because those it got failed: off, a number of failures in a "
                       "row, or a map",
        .section = &kCircuitBreakerSection,
        .shorthand = "consecutive_failures"},
};
constexpr Words<2> kUpstreamPlanned{"send_proxy_protocol", "rebalance"};
constexpr Words<2> kMembers{"servers", "discover"};
constexpr std::array kUpstreamRules{Rule{Relation::at_least_one, kMembers}};

}  // namespace

constinit const Section kUpstreamSection{kUpstreamKeys, kUpstreamPlanned, kUpstreamRules};

}  // namespace hawser::config
