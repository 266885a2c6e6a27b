#include "limits/token_bucket.h"

#include <algorithm>
#include <chrono>
#include <compare>

namespace hawser::limits {

namespace {

// So that no sum of a time and a bucket's depth overflows.
constexpr std::int64_t kFarthest = std::int64_t{1} << 62U;
constexpr std::int64_t kDeepest = std::int64_t{1} << 61U;

// A point or span of time.
struct FineTime {
  std::int64_t nanoseconds = 0;
  std::uint32_t fraction = 0;  // 2^-32 ns

  friend auto operator<=>(const FineTime&, const FineTime&) = default;
  friend FineTime operator+(const FineTime& a, const FineTime& b) noexcept {
    const std::uint64_t sum = std::uint64_t{a.fraction} + b.fraction;
    const auto carry = static_cast<std::int64_t>(sum >> 32U);
    return {a.nanoseconds + b.nanoseconds + carry, static_cast<std::uint32_t>(sum)};
  }
  friend FineTime operator*(const FineTime& span, std::uint32_t times) noexcept {
    const std::uint64_t product = std::uint64_t{span.fraction} * times;
    const auto carry = static_cast<std::int64_t>(product >> 32U);
    return {span.nanoseconds * times + carry, static_cast<std::uint32_t>(product)};
  }
};

FineTime fine_time(TimePoint time) noexcept {
  constexpr std::int64_t kNanosecondsPerTick = std::nano::den / TimePoint::period::den;
  constexpr std::int64_t kMost = kFarthest / kNanosecondsPerTick;
  const std::int64_t ticks = time.time_since_epoch().count();
  return {std::clamp(ticks, -kMost, kMost) * kNanosecondsPerTick, 0};
}

// The time between two tokens. Neither 1/3 nor 0.1 is a double: what is lost by that would put the third of three
// tokens a hair behind its second, so that much is taken off.
FineTime interval_of(double per_second, std::uint32_t burst) noexcept {
  constexpr double kLost = 0x1p-51;
  const std::int64_t longest = kDeepest / burst;
  const double nanoseconds = 1e9 / per_second * (1 - kLost);
  const bool fits = nanoseconds >= 0 && nanoseconds < static_cast<double>(longest);
  if (!fits) return {longest, 0};
  const auto whole = static_cast<std::int64_t>(nanoseconds);
  return {whole, static_cast<std::uint32_t>((nanoseconds - static_cast<double>(whole)) * 0x1p32)};
}

}  // namespace

bool TokenBucket::try_take(const Rate& rate, TimePoint now) noexcept {
  const std::uint32_t burst = std::max(rate.burst, 1U);
  const FineTime interval = interval_of(rate.per_second, burst);
  const FineTime present = fine_time(now);
  const FineTime full_at = std::clamp({full_at_, full_at_fraction_}, present, present + interval * burst);
  full_at_ = full_at.nanoseconds;
  full_at_fraction_ = full_at.fraction;
  if (full_at > present + interval * (burst - 1)) return false;
  const FineTime next = full_at + interval;
  full_at_ = next.nanoseconds;
  full_at_fraction_ = next.fraction;
  return true;
}

bool TokenBucket::is_full(TimePoint now) const noexcept {
  return FineTime{full_at_, full_at_fraction_} <= fine_time(now);
}

}  // namespace hawser::limits
