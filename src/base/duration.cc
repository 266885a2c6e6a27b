#include "base/duration.h"

#include <array>
#include <cstdint>

#include "base/number.h"

namespace hawser {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

// Longest first, so that to_string finds the shortest text.
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// A hundred years: a point in time plus any duration read from a file must not overflow.
constexpr std::int64_t kLongest = 36'500 * kUnits.front().milliseconds;

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits != 0 && digits != std::string_view::npos) {
    const auto number = parse_number<std::int64_t>(text.substr(0, digits));
    for (const Unit& unit : kUnits) {
      if (unit.name != text.substr(digits)) continue;
      if (!number || *number > kLongest / unit.milliseconds) break;
      return Duration(*number * unit.milliseconds);
    }
  }
  return failure(ErrorCode::invalid_argument,
                 "'" + std::string(text) + "' is not a duration (examples: 500ms, 10s, 2m, 1h)");
}

std::string to_string(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (count % unit.milliseconds == 0) return std::to_string(count / unit.milliseconds) + std::string(unit.name);
  }
  return std::to_string(count) + "ms";
}

}  // namespace hawser
