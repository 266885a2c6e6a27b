// backoff_delay(): the ends of every range exactly, and nothing outside them.
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/backoff.h"
#include "support/catch.h"

using namespace hawser;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kLowest = 0;
constexpr std::uint64_t kMiddle = std::uint64_t{1} << 63;
constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

Duration longest(Duration base, Duration max, std::uint32_t retry) { return backoff_delay(base, max, retry, kHighest); }

}  // namespace

TEST_CASE("the longest delay doubles with every retry until the maximum") {
  CHECK(longest(25ms, 1s, 1) == 25ms);
  CHECK(longest(25ms, 1s, 2) == 50ms);
  CHECK(longest(25ms, 1s, 3) == 100ms);
  CHECK(longest(25ms, 1s, 6) == 800ms);
  CHECK(longest(25ms, 1s, 7) == 1s);
  CHECK(longest(25ms, 1s, 8) == 1s);
}

TEST_CASE("a delay may be anything from zero to the longest, in proportion to the random bits") {
  CHECK(backoff_delay(100ms, 5s, 3, kLowest) == 0ms);
  CHECK(backoff_delay(100ms, 5s, 3, kMiddle) == 200ms);
  CHECK(backoff_delay(100ms, 5s, 3, kHighest) == 400ms);
}

TEST_CASE("every millisecond of the range has the same share") {
  // Three delays of a base of 2 ms: the 64-bit numbers fall into three parts of one size.
  constexpr std::uint64_t kThird = kHighest / 3;
  CHECK(backoff_delay(2ms, 1s, 1, kThird) == 0ms);
  CHECK(backoff_delay(2ms, 1s, 1, kThird + 1) == 1ms);
  CHECK(backoff_delay(2ms, 1s, 1, 2 * kThird) == 1ms);
  CHECK(backoff_delay(2ms, 1s, 1, 2 * kThird + 1) == 2ms);
}

TEST_CASE("a base above the maximum is the maximum") { CHECK(longest(10s, 1s, 1) == 1s); }

TEST_CASE("no number of retries and no length of time overflows") {
  constexpr std::uint32_t kManyRetries = std::numeric_limits<std::uint32_t>::max();
  CHECK(longest(1ms, 5s, 64) == 5s);
  CHECK(longest(1ms, 5s, 65) == 5s);
  CHECK(longest(1ms, 5s, kManyRetries) == 5s);
  CHECK(longest(1ms, Duration::max(), kManyRetries) == Duration::max());
  CHECK(longest(Duration::max(), Duration::max(), 2) == Duration::max());
}

TEST_CASE("a retry that was not counted is the first") { CHECK(longest(25ms, 1s, 0) == 25ms); }

TEST_CASE("without a positive base or maximum there is no delay") {
  CHECK(longest(0ms, 1s, 5) == 0ms);
  CHECK(longest(-1ms, 1s, 5) == 0ms);
  CHECK(longest(25ms, 0ms, 5) == 0ms);
  CHECK(longest(25ms, -1ms, 5) == 0ms);
}
