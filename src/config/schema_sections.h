// The parts of the schema table, one source file each. Only for the sources of the table itself; constant data.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "config/schema.h"

namespace hawser::config {

extern const Section kListenerSection;  // of a Listener
extern const Section kRouteSection;     // of a Route
extern const Section kShareSection;     // of a Share
extern const Section kRedirectSection;
extern const Section kRespondSection;
extern const Section kRewriteSection;
extern const Section kHeadersSection;      // of a Route
extern const Section kRequestRateSection;  // of a RequestRate
extern const Section kUpgradeRateSection;  // likewise
extern const Section kRouteTimeoutsSection;
extern const Section kErrorPageSection;
extern const Section kUpstreamSection;  // of an Upstream
extern const Section kServerSection;    // of a Server
extern const Section kResolverSection;  // of a Resolver
extern const Section kDiscoverSection;  // of a Discover
extern const Section kResolveSection;   // of a Resolve
extern const Section kUpstreamTlsSection;
extern const Section kRetrySection;
extern const Section kHealthCheckSection;
extern const Section kCircuitBreakerSection;

template <std::size_t kSize>
using Words = std::array<std::string_view, kSize>;

// A year: enough for everybody, and safe to add to any time.
inline constexpr Range kDurationRange{1, 365ULL * 24 * 3600 * 1000};
inline constexpr Range kDurationOrZero{0, kDurationRange.most};

}  // namespace hawser::config
