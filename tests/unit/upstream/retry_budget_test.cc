#include "upstream/retry_budget.h"

#include "support/catch.h"

namespace hawser::upstream {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};
constexpr std::uint32_t kLeast = 10 * RetryBudget::kLeastPerSecond;

void count_requests(RetryBudget& budget, TimePoint now, int count) {
  for (int i = 0; i < count; ++i) budget.count_request(now);
}

// How many retries are granted before the first no, up to `most`.
std::uint32_t take_all(RetryBudget& budget, TimePoint now, double share, std::uint32_t most = 100'000) {
  std::uint32_t taken = 0;
  while (taken < most && budget.try_take(now, share)) ++taken;
  return taken;
}

}  // namespace

TEST_CASE("without traffic the least is granted, and not one more") {
  RetryBudget budget;
  CHECK(take_all(budget, kStart, 0.2) == kLeast);
  CHECK_FALSE(budget.try_take(kStart, 0.2));
}

TEST_CASE("with traffic its share is granted, and not one more") {
  RetryBudget budget;
  count_requests(budget, kStart, 1005);
  CHECK(take_all(budget, kStart, 0.2) == 201);
}

TEST_CASE("a share that is less than the least does not lower it") {
  RetryBudget budget;
  count_requests(budget, kStart, 499);
  CHECK(take_all(budget, kStart, 0.2) == kLeast);
}

TEST_CASE("a part of a retry is none, and a share in decimals is met exactly") {
  RetryBudget budget;
  count_requests(budget, kStart, 1009);
  CHECK(take_all(budget, kStart, 0.2) == 201);
  RetryBudget decimals;
  count_requests(decimals, kStart, 2000);
  CHECK(take_all(decimals, kStart, 0.07) == 140);
}

TEST_CASE("a share of nothing leaves the least, a share of all a retry for each request") {
  RetryBudget budget;
  count_requests(budget, kStart, 5000);
  CHECK(take_all(budget, kStart, 0.0) == kLeast);
  CHECK(take_all(budget, kStart, 1.0) == 5000 - kLeast);
}

TEST_CASE("requests count for ten seconds, the one under way included") {
  RetryBudget budget;
  count_requests(budget, kStart, 1000);
  SECTION("to the end of the tenth second") { CHECK(take_all(budget, kStart + 10s - 1ms, 0.2) == 200); }
  SECTION("and not beyond") { CHECK(take_all(budget, kStart + 10s, 0.2) == kLeast); }
}

TEST_CASE("retries are held against the budget for as long as requests are counted") {
  RetryBudget budget;
  REQUIRE(take_all(budget, kStart, 0.2) == kLeast);
  CHECK_FALSE(budget.try_take(kStart + 10s - 1ms, 0.2));
  CHECK(take_all(budget, kStart + 10s, 0.2) == kLeast);
}

TEST_CASE("each second is forgotten by itself") {
  RetryBudget budget;
  for (int second = 0; second < 10; ++second) REQUIRE(take_all(budget, kStart + second * 1s, 0.2, 10) == 10);
  CHECK_FALSE(budget.try_take(kStart + 9s, 0.2));
  for (int second = 10; second < 30; ++second) CHECK(take_all(budget, kStart + second * 1s, 0.2) == 10);
}

TEST_CASE("a clock that lags behind another thread's loses nothing that was counted") {
  RetryBudget budget;
  count_requests(budget, kStart + 10s, 1000);
  budget.count_request(kStart);  // falls into the same place as ten seconds later
  CHECK(take_all(budget, kStart + 10s, 0.2) == 200);
}

}  // namespace hawser::upstream
