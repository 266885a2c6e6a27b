#include <array>

#include "config/schema_sections.h"

// The members of an upstream: those that the file names, and how others are found.

namespace hawser::config {

namespace {

constexpr Words<3> kServerModes{"up", "drain", "down"};

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
    Key{.name = "max_sessions",
        .type = Type::count,
        .slot = field<&Server::max_sessions>(),
        .description = "Sessions that the server may have at a time, from all workers together",
        .default_text = "off",
        .range = {1}},
    Key{.name = "backup",
        .type = Type::boolean,
        .slot = field<&Server::is_backup>(),
        .description = "Whether the server gets sessions only when no other one can take them",
        .default_text = "false"},
    Key{.name = "state",
        .type = Type::choice,
        .slot = field<&Server::mode>(),
        .description =
            "Whether it gets sessions: up; drain, which leaves it those it has and gives it no new one; down",
        .default_text = "up",
        .words = kServerModes},
};

constexpr std::array kDiscoverKeys{
    Key{.name = "dns",
        .type = Type::host_port,
        .slot = field<&Discover::dns>(),
        .description = "A name and a port: every address of the name is a server",
        .range = {1, 255}},
    Key{.name = "srv",
        .type = Type::service_name,
        .slot = field<&Discover::srv>(),
        .description = "A service, for example _ws._tcp.example.com, whose records name the servers with their ports, "
                       "weights and priorities",
        .range = {1, 255}},
    Key{.name = "file",
        .type = Type::path,
        .slot = field<&Discover::file>(),
        .description = "A YAML file with such a list as servers is, read again whenever it changes",
        .range = {1}},
};
constexpr Words<3> kSources{"dns", "srv", "file"};
constexpr std::array kDiscoverRules{Rule{Relation::exactly_one, kSources}};

constexpr std::array kResolveKeys{
    Key{.name = "min",
        .type = Type::duration,
        .slot = field<&Resolve::min>(),
        .description = "The shortest time that an answer holds, whatever its TTL",
        .default_text = "1s",
        .range = kDurationRange},
    Key{.name = "max",
        .type = Type::duration,
        .slot = field<&Resolve::max>(),
        .description = "The longest time that an answer holds, whatever its TTL",
        .default_text = "5m",
        .range = kDurationRange},
};
constexpr Words<2> kMinMax{"min", "max"};
constexpr std::array kResolveRules{Rule{Relation::ascending, kMinMax}};

constexpr std::array kResolverKeys{
    Key{.name = "nameservers",
        .type = Type::text_list,
        .slot = field<&Resolver::nameservers>(),
        .description = "The servers to ask, each an IP address with a port or without; those of the system when empty",
        .range = {1},
        .name_type = Type::nameserver},
    Key{.name = "timeout",
        .type = Type::duration,
        .slot = field<&Resolver::timeout>(),
        .description = "How long one question waits for its answer",
        .default_text = "2s",
        .range = {1, 60'000}},
    Key{.name = "attempts",
        .type = Type::integer,
        .slot = field<&Resolver::attempts>(),
        .description = "How many times each nameserver is asked before an answer is given up",
        .default_text = "3",
        .range = {1, 100}},
};

}  // namespace

constinit const Section kServerSection{kServerKeys};
constinit const Section kDiscoverSection{kDiscoverKeys, {}, kDiscoverRules};
constinit const Section kResolveSection{kResolveKeys, {}, kResolveRules};
constinit const Section kResolverSection{kResolverKeys};

}  // namespace hawser::config
