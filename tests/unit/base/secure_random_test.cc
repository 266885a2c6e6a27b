#include "base/secure_random.h"

#include <algorithm>
#include <array>
#include <set>

#include "support/catch.h"

using namespace hawser;

TEST_CASE("All of the bytes are filled, more than one call of the kernel gives included") {
  std::array<std::byte, 1024> bytes{};
  fill_random(bytes);
  // Sixteen zero bytes in a row are as good as impossible.
  for (std::size_t begin = 0; begin < bytes.size(); begin += 16) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    CHECK(std::any_of(first, first + 16, [](std::byte b) { return b != std::byte{0}; }));
  }
  fill_random({});
}

TEST_CASE("Numbers do not repeat") {
  std::set<std::uint64_t> seen;
  for (int turn = 0; turn < 1000; ++turn) seen.insert(random_u64());
  CHECK(seen.size() == 1000);
}
