// When a client that was turned away for lack of room may come back. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace hawser::proxy {

// Retry-After in seconds (RFC 9110, section 10.2.3): a few, different for everybody, so that those who were refused
// together do not come back together. `random` is any number.
[[nodiscard]] inline std::string retry_after(std::uint64_t random) {
  constexpr std::uint64_t kShortest = 1;
  constexpr std::uint64_t kSpread = 10;
  return std::to_string(kShortest + random % kSpread);
}

}  // namespace hawser::proxy
