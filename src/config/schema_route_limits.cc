#include <array>

#include "config/schema_sections.h"

// What a route allows its clients and its servers, and the pages that say when it was too much.

namespace hawser::config {

namespace {

// What is counted differs, and by what unless the file says so.
struct RateTexts {
  std::string_view rate;
  std::string_view key;
  std::string_view default_key;
};

constexpr std::array<Key, 3> rate_keys(const RateTexts& texts) {
  return {Key{.name = "rate",
              .type = Type::rate,
              .slot = field<&RequestRate::rate>(),
              .description = texts.rate,
              .presence = Presence::required,
              .range = {0, 1'000'000}},
          Key{.name = "burst",
              .type = Type::integer,
              .slot = field<&RequestRate::burst>(),
              .description = "How many may come at once before the rate holds; with 0 one second's worth, at least one",
              .default_text = "0",
              .range = {0, 1'000'000}},
          Key{.name = "key",
              .type = Type::text,
              .slot = field<&RequestRate::key>(),
              .description = texts.key,
              .default_text = texts.default_key,
              .where = &Access<&RequestRate::where>::get}};
}

constexpr std::array kRequestRateKeys =
    rate_keys({"Requests a second for each value of the key",
               "What is counted by; all requests of the route together when empty", "$remote_addr"});
constexpr std::array kUpgradeRateKeys =
    rate_keys({"WebSocket sessions a second for each value of the key",
               "What is counted by; all upgrades of the route together when empty", ""});

constexpr std::array kTimeoutsKeys{
    Key{.name = "response_head",
        .type = Type::duration,
        .slot = field<&RouteTimeouts::response_head>(),
        .description = "How long a server may take to begin its answer; as the upstream says when absent",
        .range = kDurationRange},
    Key{.name = "read",
        .type = Type::duration,
        .slot = field<&RouteTimeouts::read>(),
        .description = "How long a server may pause within the body of a plain HTTP answer; as the upstream says when "
                       "absent",
        .range = kDurationRange},
    Key{.name = "body",
        .type = Type::duration,
        .slot = field<&RouteTimeouts::body>(),
        .description = "How long a client may pause within the body of a request; as the listener says when absent",
        .range = kDurationRange},
};

constexpr std::array kErrorPageKeys{
    Key{.name = "status",
        .type = Type::statuses,
        .slot = field<&ErrorPage::statuses>(),
        .description = "The statuses that the page is for, for example 404 or 404,500-599",
        .presence = Presence::required,
        .range = {400, 599}},
    Key{.name = "file",
        .type = Type::path,
        .slot = field<&ErrorPage::file>(),
        .description = "The page; its suffix says what it is: html, json, txt or xml",
        .presence = Presence::required,
        .range = {1},
        .where = &Access<&ErrorPage::where>::get},
};

}  // namespace

constinit const Section kRequestRateSection{kRequestRateKeys};
constinit const Section kUpgradeRateSection{kUpgradeRateKeys};
constinit const Section kRouteTimeoutsSection{kTimeoutsKeys};
constinit const Section kErrorPageSection{kErrorPageKeys};

}  // namespace hawser::config
