// Sizes as the configuration writes them: 512, 64k, 16m, 2g (powers of 1,024).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hawser {

// A number of bytes.
struct ByteSize {
  std::uint64_t bytes = 0;
  friend bool operator==(const ByteSize&, const ByteSize&) = default;
};

// Reads a whole number with an optional k, m or g, in either case; anything else is invalid_argument.
[[nodiscard]] Result<ByteSize> parse_byte_size(std::string_view text);

// The shortest text that parse_byte_size reads back to the same value.
[[nodiscard]] std::string to_string(ByteSize size);

}  // namespace hawser
