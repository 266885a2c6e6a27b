#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr std::array kBackoffKeys{
    Key{.name = "base",
        .type = Type::duration,
        .slot = field<&Backoff::base>(),
        .description = "The longest pause before the second attempt; doubled for each one after it",
        .default_text = "25ms",
        .range = kDurationOrZero},
    Key{.name = "max",
        .type = Type::duration,
        .slot = field<&Backoff::max>(),
        .description = "The longest that doubling may lead to",
        .default_text = "1s",
        .range = kDurationOrZero},
};
constexpr Words<2> kBaseMax{"base", "max"};
constexpr std::array kBackoffRules{Rule{Relation::ascending, kBaseMax}};
constexpr Section kBackoff{kBackoffKeys, {}, kBackoffRules};

constexpr std::array kRetryKeys{
    Key{.name = "attempts",
        .type = Type::integer,
        .slot = field<&Retry::attempts>(),
        .description = "Attempts for one session, the first included",
        .default_text = "3",
        .range = {1, 100}},
    Key{.name = "try_timeout",
        .type = Type::duration,
        .slot = field<&Retry::try_timeout>(),
        .description = "How long one attempt to connect may take, TLS included",
        .default_text = "1s",
        .range = kDurationRange},
    Key{.name = "backoff",
        .type = Type::map,
        .slot = object<&Retry::backoff>(),
        .description = "The pauses between attempts, each a random part of its longest",
        .section = &kBackoff},
    Key{.name = "budget",
        .type = Type::ratio,
        .slot = field<&Retry::budget>(),
        .description = "Retries in relation to the sessions of the last 10 seconds; 10 a second are always allowed",
        .default_text = "20%",
        .range = {0, 100}},
};

}  // namespace

constinit const Section kRetrySection{kRetryKeys};

}  // namespace hawser::config
