// RateLimiter: each key its bucket, whoever else comes.
#include "limits/rate_limiter.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::limits;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kSeed = 7;

std::uint32_t take_all(RateLimiter& limiter, std::string_view key, const Rate& rate, TimePoint now) {
  std::uint32_t taken = 0;
  while (taken < 1000 && limiter.try_take(key, rate, now)) ++taken;
  return taken;
}

std::string key_of(int number) { return "10.0.0.1/" + std::to_string(number); }

}  // namespace

TEST_CASE("each key has a bucket of its own") {
  // On the heap: g++ places over-aligned locals wrongly where AddressSanitizer keeps frames of its own.
  const auto owner = std::make_unique<RateLimiter>(kSeed);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 10, .burst = 3};
  const TimePoint now{};
  CHECK(take_all(limiter, "a", rate, now) == 3);
  CHECK(take_all(limiter, "b", rate, now) == 3);
  CHECK(take_all(limiter, "", rate, now) == 3);
  CHECK_FALSE(limiter.try_take("a", rate, now + milliseconds(99)));
  CHECK(take_all(limiter, "a", rate, now + milliseconds(100)) == 1);
}

TEST_CASE("as many keys as half the table holds are each limited exactly") {
  const auto owner = std::make_unique<RateLimiter>(kSeed);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 1, .burst = 2};
  const TimePoint now{};
  constexpr int kKeys = 65'536;
  for (int i = 0; i < kKeys; ++i) REQUIRE(take_all(limiter, key_of(i), rate, now) == 2);
  int forgotten = 0;
  for (int i = 0; i < kKeys; ++i) forgotten += limiter.try_take(key_of(i), rate, now) ? 1 : 0;
  CHECK(forgotten < kKeys / 1000);  // a set may be chosen by more keys than it has places for
}

TEST_CASE("an abuser stays limited while a million others pass") {
  const auto owner = std::make_unique<RateLimiter>(kSeed);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 1, .burst = 20};
  int refused = 0;
  std::uint32_t abused = take_all(limiter, "abuser", rate, TimePoint{});
  for (int i = 0; i < 1'000'000; ++i) {
    const TimePoint now{milliseconds(i / 100)};
    refused += limiter.try_take(key_of(i), rate, now) ? 0 : 1;
    abused += limiter.try_take("abuser", rate, now) ? 1U : 0U;
  }
  CHECK(refused == 0);
  CHECK(abused == 20 + 9);  // the last ask is at 9.999 s
}

TEST_CASE("a table that grows forgets nobody who is in it") {
  const auto owner = std::make_unique<RateLimiter>(kSeed);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 1, .burst = 3};
  const TimePoint now{};
  constexpr int kKeys = 20'000;
  int forgotten = 0;
  for (int i = 0; i < kKeys; ++i) REQUIRE(take_all(limiter, key_of(i), rate, now + milliseconds(i / 100)) == 3);
  for (int i = 0; i < kKeys; ++i) forgotten += limiter.try_take(key_of(i), rate, now + milliseconds(999)) ? 1 : 0;
  CHECK(forgotten == 0);
  CHECK(limiter.try_take(key_of(0), rate, now + milliseconds(1000)));
}

TEST_CASE("buckets that are full again make room before those in use") {
  const auto owner = std::make_unique<RateLimiter>(kSeed, 1);
  RateLimiter& limiter = *owner;  // the least: 64 sets of 8
  const Rate rate{.per_second = 1, .burst = 10};
  const TimePoint now{};
  for (int i = 0; i < 512; ++i) REQUIRE(limiter.try_take("early " + std::to_string(i), rate, now));
  const TimePoint later = now + seconds(2);
  REQUIRE(take_all(limiter, "in use", rate, later) == 10);
  for (int i = 0; i < 200; ++i) REQUIRE(limiter.try_take("late " + std::to_string(i), rate, later));
  CHECK_FALSE(limiter.try_take("in use", rate, later));
}

TEST_CASE("among those in use the fullest is forgotten, and is not refused for it") {
  const auto owner = std::make_unique<RateLimiter>(kSeed, 1);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 1, .burst = 10};
  const TimePoint now{};
  REQUIRE(take_all(limiter, "emptied", rate, now) == 10);
  for (int i = 0; i < 100'000; ++i) REQUIRE(limiter.try_take(key_of(i), rate, now));
  CHECK_FALSE(limiter.try_take("emptied", rate, now));
}

TEST_CASE("another seed puts keys elsewhere") {
  const Rate rate{.per_second = 1, .burst = 1};
  std::vector<std::vector<int>> kept;
  for (const std::uint64_t seed : {1U, 2U}) {
    const auto owner = std::make_unique<RateLimiter>(seed, 1);
    RateLimiter& limiter = *owner;
    for (int i = 0; i < 2000; ++i) (void)limiter.try_take(key_of(i), rate, TimePoint{milliseconds(i % 2)});
    auto& refused = kept.emplace_back();
    for (int i = 0; i < 2000; ++i) {
      if (!limiter.try_take(key_of(i), rate, TimePoint{milliseconds(1)})) refused.push_back(i);
    }
  }
  CHECK_FALSE(kept[0].empty());
  CHECK(kept[0] != kept[1]);
}

TEST_CASE("eight threads share exactly one burst") {
  const auto owner = std::make_unique<RateLimiter>(kSeed);
  RateLimiter& limiter = *owner;
  const Rate rate{.per_second = 1, .burst = 10'000};
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 5'000; ++i) {
          if (limiter.try_take("shared", rate, TimePoint{})) ++taken;
          (void)limiter.try_take(key_of(thread * 5'000 + i), rate, TimePoint{});
        }
      });
    }
  }
  CHECK(taken == 10'000);
}
