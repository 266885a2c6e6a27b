#include "base/rng.h"

#include <array>
#include <limits>

#include "support/catch.h"

using namespace hawser;

// The reference sequence of SplitMix64 for seed 1234567.
TEST_CASE("A seed gives the same numbers on every machine") {
  Rng rng(1'234'567);
  CHECK(rng.next() == 6'457'827'717'110'365'317U);
  CHECK(rng.next() == 3'203'168'211'198'807'973U);
  CHECK(rng.next() == 9'817'491'932'198'370'423U);
}

TEST_CASE("A bound is never reached") {
  Rng rng(1);
  for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 63U,
                                    std::numeric_limits<std::uint64_t>::max()}) {
    for (int turn = 0; turn < 1000; ++turn) REQUIRE(rng.below(bound) < bound);
  }
  CHECK(rng.below(0) == 0);
}

TEST_CASE("Every number below a bound comes up about equally often") {
  Rng rng(7);
  std::array<int, 6> counts{};
  for (int turn = 0; turn < 60'000; ++turn) ++counts.at(rng.below(counts.size()));
  for (const int count : counts) {
    CHECK(count > 9'500);
    CHECK(count < 10'500);
  }
}
