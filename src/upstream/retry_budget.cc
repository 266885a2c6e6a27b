#include "upstream/retry_budget.h"

#include <algorithm>

namespace hawser::upstream {

namespace {

// A share that was written in decimals allows the count that it stands for, whatever rounding makes of the product.
constexpr double kRounding = 1e-9;

std::int64_t second_number(TimePoint now) noexcept {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

RetryBudget::Second& RetryBudget::second_of(TimePoint now) noexcept {
  const std::int64_t number = second_number(now);
  Second& second = seconds_[static_cast<std::size_t>(number) % kSeconds];
  // A clock that another thread read earlier counts in what is newer.
  if (second.number < number) second = Second{.number = number};
  return second;
}

void RetryBudget::count_request(TimePoint now) noexcept { ++second_of(now).requests; }

bool RetryBudget::try_take(TimePoint now, double share) noexcept {
  constexpr double kLeast = double{kLeastPerSecond} * kSeconds;
  Second& current = second_of(now);
  const std::int64_t oldest = second_number(now) - static_cast<std::int64_t>(kSeconds) + 1;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  for (const Second& second : seconds_) {
    if (second.number < oldest) continue;
    requests += second.requests;
    retries += second.retries;
  }
  const double allowed = std::max(share * static_cast<double>(requests), kLeast);
  if (static_cast<double>(retries + 1) > allowed + kRounding) return false;
  ++current.retries;
  return true;
}

}  // namespace hawser::upstream
