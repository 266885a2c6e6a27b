#include "upstream/circuit_breaker.h"

#include <algorithm>
#include <limits>

namespace hawser::upstream {

namespace {

// A ratio that was written in decimals is met by the count that it stands for, whatever rounding makes of the product.
constexpr double kRounding = 1e-9;
// The jitter adds up to this share of the time: a server is never asked early.
constexpr std::uint64_t kJitterParts = 5;

// Doubled `times` times, but never past `most`.
Duration doubled(Duration duration, std::uint32_t times, Duration most) noexcept {
  for (; times > 0 && duration > Duration::zero() && duration < most; --times)
    duration = duration > most / 2 ? most : duration * 2;
  return std::min(duration, most);
}

Duration jittered(Duration duration, std::uint64_t random) noexcept {
  __extension__ using Wide = unsigned __int128;
  const auto span = static_cast<std::uint64_t>(std::max<Duration::rep>(duration.count(), 0)) / kJitterParts;
  return duration + Duration(static_cast<Duration::rep>((Wide{random} * (Wide{span} + 1)) >> 64));
}

}  // namespace

CircuitBreaker::Admission CircuitBreaker::try_begin(const BreakerOptions& options, TimePoint now) noexcept {
  if (state_ == State::open && now >= open_until_) state_ = State::half_open;
  if (state_ == State::half_open && !is_on(options)) close(now);
  if (state_ == State::closed) return Admission::normal;
  if (state_ == State::open || probes_under_way_ >= probes_wanted(options)) return Admission::refused;
  ++probes_under_way_;
  return Admission::probe;
}

CircuitBreaker::Event CircuitBreaker::end(const BreakerOptions& options, Admission admission, Outcome outcome,
                                          TimePoint now, std::uint64_t random) noexcept {
  if (state_ == State::closed) {
    count(options, outcome, now);
    return outcome == Outcome::failure && is_limit_reached(options, now) ? Event::limit_reached : Event::none;
  }
  if (state_ == State::open || admission != Admission::probe) return Event::none;
  if (probes_under_way_ > 0) --probes_under_way_;
  if (outcome == Outcome::none) return Event::none;
  if (outcome == Outcome::failure && is_on(options)) {
    open(options, now, random);
    return Event::opened;
  }
  ++probes_succeeded_;
  if (is_on(options) && probes_succeeded_ < options.half_open_probes) return Event::none;
  close(now);
  return Event::closed;
}

void CircuitBreaker::open(const BreakerOptions& options, TimePoint now, std::uint64_t random) noexcept {
  if (state_ == State::closed && now - closed_since_ >= ejected_for_) ejections_in_a_row_ = 0;
  const Duration longest = std::max(options.max_eject, Duration::zero());
  ejected_for_ = std::min(jittered(doubled(options.eject, ejections_in_a_row_, longest), random), longest);
  open_until_ = now + ejected_for_;
  if (ejections_in_a_row_ < std::numeric_limits<std::uint32_t>::max()) ++ejections_in_a_row_;
  ++ejections_;
  probes_under_way_ = 0;
  probes_succeeded_ = 0;
  state_ = State::open;
}

void CircuitBreaker::reset() noexcept {
  const std::uint32_t ejections = ejections_;
  *this = CircuitBreaker();
  ejections_ = ejections + 1;
}

TimePoint CircuitBreaker::blocked_until(const BreakerOptions& options) const noexcept {
  if (state_ == State::open) return open_until_;
  const bool is_waiting_for_probes = state_ == State::half_open && probes_under_way_ >= probes_wanted(options);
  return is_waiting_for_probes ? TimePoint::max() : TimePoint::min();
}

// One at least: when a reload asks for fewer than have succeeded, the next one decides.
std::uint32_t CircuitBreaker::probes_wanted(const BreakerOptions& options) const noexcept {
  return options.half_open_probes > probes_succeeded_ ? options.half_open_probes - probes_succeeded_ : 1;
}

std::int64_t CircuitBreaker::part_number(const BreakerOptions& options, TimePoint now) noexcept {
  const auto length = std::max<Duration::rep>((options.window.count() + kPartCount - 1) / kPartCount, 1);
  return now.time_since_epoch().count() / length;
}

void CircuitBreaker::count(const BreakerOptions& options, Outcome outcome, TimePoint now) noexcept {
  if (outcome == Outcome::none) return;
  const bool is_failure = outcome == Outcome::failure;
  failures_in_a_row_ = is_failure ? failures_in_a_row_ + 1 : 0;
  if (window_ != options.window) {
    window_ = options.window;
    parts_ = {};
  }
  const std::int64_t number = part_number(options, now);
  Part& part = parts_[static_cast<std::size_t>(number) % kParts];
  // A clock that another thread read earlier counts in what is newer.
  if (part.number < number) part = Part{.number = number};
  ++part.attempts;
  if (is_failure) ++part.failures;
}

bool CircuitBreaker::is_limit_reached(const BreakerOptions& options, TimePoint now) const noexcept {
  if (options.consecutive_failures && failures_in_a_row_ >= *options.consecutive_failures) return true;
  if (!options.failure_ratio) return false;
  const std::int64_t oldest = part_number(options, now) - kPartCount + 1;
  std::uint64_t attempts = 0;
  std::uint64_t failures = 0;
  for (const Part& part : parts_) {
    if (part.number < oldest) continue;
    attempts += part.attempts;
    failures += part.failures;
  }
  return attempts >= options.min_attempts &&
         static_cast<double>(failures) + kRounding >= *options.failure_ratio * static_cast<double>(attempts);
}

void CircuitBreaker::close(TimePoint now) noexcept {
  state_ = State::closed;
  closed_since_ = now;
  failures_in_a_row_ = 0;
  parts_ = {};
  probes_under_way_ = 0;
  probes_succeeded_ = 0;
}

}  // namespace hawser::upstream
