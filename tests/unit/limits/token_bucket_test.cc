// TokenBucket: exact at the boundary, over long times, and with clocks and rates that nobody expects.
#include "limits/token_bucket.h"

#include <chrono>
#include <cstdint>
#include <limits>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::limits;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// How many of up to `tries` asked at one moment were given.
std::uint32_t take_all(TokenBucket& bucket, const Rate& rate, TimePoint now, std::uint32_t tries = 100'000) {
  std::uint32_t taken = 0;
  while (taken < tries && bucket.try_take(rate, now)) ++taken;
  return taken;
}

// How many are given to one who asks at each step of the time in (from, from + span].
std::uint64_t take_over(TokenBucket& bucket, const Rate& rate, TimePoint from, milliseconds span, milliseconds step) {
  std::uint64_t taken = 0;
  for (milliseconds passed = step; passed <= span; passed += step) taken += take_all(bucket, rate, from + passed);
  return taken;
}

}  // namespace

TEST_CASE("a new bucket gives its burst at once and no more") {
  TokenBucket bucket;
  const TimePoint now{seconds(5)};
  CHECK(bucket.is_full(now));
  CHECK(take_all(bucket, {.per_second = 10, .burst = 7}, now) == 7);
  CHECK_FALSE(bucket.is_full(now));
}

TEST_CASE("the next token comes at its millisecond and not before") {
  TokenBucket bucket;
  const Rate rate{.per_second = 4, .burst = 3};
  const TimePoint now{};
  REQUIRE(take_all(bucket, rate, now) == 3);
  CHECK_FALSE(bucket.try_take(rate, now + milliseconds(249)));
  CHECK(bucket.try_take(rate, now + milliseconds(250)));
  CHECK_FALSE(bucket.try_take(rate, now + milliseconds(499)));
  CHECK(bucket.try_take(rate, now + milliseconds(500)));
}

TEST_CASE("an empty bucket is full again when its burst has been made up for") {
  TokenBucket bucket;
  const Rate rate{.per_second = 4, .burst = 3};
  REQUIRE(take_all(bucket, rate, TimePoint{}) == 3);
  CHECK_FALSE(bucket.is_full(TimePoint{milliseconds(749)}));
  CHECK(bucket.is_full(TimePoint{milliseconds(750)}));
  CHECK(take_all(bucket, rate, TimePoint{hours(1000)}) == 3);
}

// With a burst of one, what a bucket gains between being full and being asked is lost: only even rates come out.
TEST_CASE("who asks without pause gets exactly the rate, however long") {
  const auto [per_second, burst] = GENERATE(Rate{1, 1}, Rate{3, 3}, Rate{7, 2}, Rate{0.3, 2}, Rate{0.1, 1},
                                            Rate{999, 5}, Rate{1000, 1}, Rate{333.3, 400});
  const TimePoint start = TimePoint{} + GENERATE(milliseconds(0), milliseconds(hours(24 * 365 * 50)) + milliseconds(1),
                                                 -milliseconds(hours(24 * 365 * 50)) - milliseconds(1));
  TokenBucket bucket;
  const Rate rate{.per_second = per_second, .burst = burst};
  INFO(per_second << " a second");
  REQUIRE(take_all(bucket, rate, start) == burst);
  CHECK(take_over(bucket, rate, start, seconds(300), milliseconds(1)) == std::uint64_t(per_second * 300 + 0.5));
}

TEST_CASE("a rate whose nanoseconds do not come out even does not drift") {
  TokenBucket bucket;
  const Rate rate{.per_second = 700'000, .burst = 700'000};
  const TimePoint start{};
  REQUIRE(take_all(bucket, rate, start, 800'000) == 700'000);
  CHECK(take_over(bucket, rate, start, seconds(4), milliseconds(5)) == 2'800'000);
}

TEST_CASE("a slow rate over a month does not drift") {
  TokenBucket bucket;
  const Rate rate{.per_second = 1.0 / 7, .burst = 1};
  REQUIRE(bucket.try_take(rate, TimePoint{}));
  std::uint32_t early = 0;
  std::uint32_t taken = 0;
  for (TimePoint now{seconds(7)}; now <= TimePoint{seconds(7 * 370'000)}; now += seconds(7)) {
    early += bucket.try_take(rate, now - milliseconds(1)) ? 1U : 0U;
    taken += bucket.try_take(rate, now) ? 1U : 0U;
  }
  CHECK(early == 0);
  CHECK(taken == 370'000);
}

TEST_CASE("a quicker rate is felt at once by a bucket emptied at a slow one") {
  TokenBucket bucket;
  const TimePoint now{};
  REQUIRE(take_all(bucket, {.per_second = 1.0 / 3600, .burst = 10}, now) == 10);
  const Rate quick{.per_second = 10, .burst = 5};
  CHECK_FALSE(bucket.try_take(quick, now));
  CHECK_FALSE(bucket.try_take(quick, now + milliseconds(99)));
  CHECK(bucket.try_take(quick, now + milliseconds(100)));
}

TEST_CASE("a bucket emptied at a quick rate owes that time at a slow one") {
  TokenBucket bucket;
  const TimePoint now{};
  const Rate slow{.per_second = 1, .burst = 2};
  const Rate quick{.per_second = 100, .burst = 10};
  CHECK(take_all(bucket, quick, now) == 10);
  CHECK(take_all(bucket, slow, now) == 1);  // the tenth of a second that is owed leaves one of two tokens whole
  CHECK(take_all(bucket, quick, now) == 0);
}

TEST_CASE("a clock that steps back refuses no longer than an empty bucket does") {
  TokenBucket bucket;
  const Rate rate{.per_second = 1, .burst = 2};
  const TimePoint before = TimePoint{} - hours(24);
  REQUIRE(take_all(bucket, rate, TimePoint{}) == 2);
  CHECK_FALSE(bucket.try_take(rate, before));
  CHECK_FALSE(bucket.try_take(rate, before + milliseconds(999)));
  CHECK(bucket.try_take(rate, before + seconds(1)));
}

TEST_CASE("the burst stays exact at the ends of the clock") {
  const TimePoint now = GENERATE(TimePoint::min(), TimePoint::max(), TimePoint{});
  const Rate rate = GENERATE(Rate{1, 5}, Rate{1e6, 5}, Rate{1e-9, 5}, Rate{1e-300, 5},
                             Rate{std::numeric_limits<double>::denorm_min(), 5});
  TokenBucket bucket;
  CHECK(bucket.is_full(now));
  CHECK(take_all(bucket, rate, now) == 5);
  CHECK_FALSE(bucket.is_full(now));
}

TEST_CASE("the deepest bucket is exact, too") {
  TokenBucket bucket;
  const Rate rate{.per_second = 1e-300, .burst = UINT32_MAX};
  const TimePoint now{};
  REQUIRE(take_all(bucket, rate, now, 1000) == 1000);
  CHECK_FALSE(bucket.is_full(now));
  CHECK(bucket.full_at() > 0);
}

TEST_CASE("a burst of none is one of one, and a rate that is no number gives the burst only") {
  TokenBucket bucket;
  CHECK(take_all(bucket, {.per_second = 1, .burst = 0}, TimePoint{}) == 1);
  TokenBucket other;
  const Rate rate{.per_second = GENERATE(0.0, -1.0, std::numeric_limits<double>::quiet_NaN()), .burst = 2};
  CHECK(take_all(other, rate, TimePoint{}) == 2);
  CHECK_FALSE(other.try_take(rate, TimePoint{hours(24 * 365)}));
}
