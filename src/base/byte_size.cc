#include "base/byte_size.h"

#include <array>
#include <limits>

#include "base/number.h"

namespace hawser {

namespace {

struct Unit {
  char name;
  unsigned shift;
};

constexpr std::array<Unit, 3> kUnits{{{'g', 30}, {'m', 20}, {'k', 10}}};

}  // namespace

Result<ByteSize> parse_byte_size(std::string_view text) {
  std::string_view digits = text;
  unsigned shift = 0;
  for (const Unit& unit : kUnits) {
    if (digits.empty() || (digits.back() | 0x20) != unit.name) continue;
    digits.remove_suffix(1);
    shift = unit.shift;
    break;
  }
  const auto number = parse_number<std::uint64_t>(digits);
  if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return failure(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not a size (examples: 512, 64k, 16m)");
  }
  return ByteSize{*number << shift};
}

std::string to_string(ByteSize size) {
  for (const Unit& unit : kUnits) {
    const std::uint64_t scale = std::uint64_t{1} << unit.shift;
    if (size.bytes != 0 && size.bytes % scale == 0) return std::to_string(size.bytes / scale) + unit.name;
  }
  return std::to_string(size.bytes);
}

}  // namespace hawser
