// Turns the verdicts of one server's checks into its state. Pure; one thread. "In a row" is counted from the last
// verdict that agreed with the state, or from the last change:
//
//   state    a good check                           a failed check
//   unknown  up                                     down
//   up       ends the row of failed ones            the `fall`th in a row: down
//   down     the `rise`th in a row: up              ends the row of good ones
#pragma once

#include <algorithm>
#include <cstdint>

namespace hawser::upstream {

// unknown: the first verdict alone decides.
enum class Health : std::uint8_t { unknown, up, down };

enum class CheckVerdict : std::uint8_t { good, failed };

struct HealthThresholds {
  std::uint32_t rise = 2;  // 0 is taken for 1
  std::uint32_t fall = 3;
};

class HealthCounter {
 public:
  HealthCounter(Health start, HealthThresholds thresholds) noexcept : thresholds_(thresholds), health_(start) {}

  // Whether the state changed.
  bool count(CheckVerdict verdict) noexcept {
    const Health told = verdict == CheckVerdict::good ? Health::up : Health::down;
    if (told == health_) {
      contrary_ = 0;
      return false;
    }
    if (++contrary_ < needed_for(told)) return false;
    health_ = told;
    contrary_ = 0;
    return true;
  }

  [[nodiscard]] Health health() const noexcept { return health_; }

 private:
  [[nodiscard]] std::uint32_t needed_for(Health next) const noexcept {
    if (health_ == Health::unknown) return 1;
    return std::max(next == Health::up ? thresholds_.rise : thresholds_.fall, std::uint32_t{1});
  }

  HealthThresholds thresholds_;
  std::uint32_t contrary_ = 0;  // verdicts in a row that speak against the state
  Health health_;
};

}  // namespace hawser::upstream
