// The one hash for keys, rings and tables: XXH3-64 of libxxhash. Not for secrets. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace hawser {

[[nodiscard]] std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

}  // namespace hawser
