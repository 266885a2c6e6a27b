// How many retries an upstream may have, as a share of its own traffic, so that a brown-out is not amplified. Pure:
// time is passed in. Guarded by its upstream's state.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/duration.h"

namespace hawser::upstream {

class RetryBudget {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(10);
  // Granted whatever the traffic, for upstreams with little of it.
  static constexpr std::uint32_t kLeastPerSecond = 10;

  // A session's first attempt.
  void count_request(TimePoint now) noexcept;
  // Takes one retry when those of the last kWindow stay within `share` (0 to 1) of the requests of the same time, or
  // within kLeastPerSecond for each second of it. The time slides by whole seconds, the one under way included.
  [[nodiscard]] bool try_take(TimePoint now, double share) noexcept;

 private:
  struct Second {
    std::int64_t number = -1;  // since the clock's epoch
    std::uint32_t requests = 0;
    std::uint32_t retries = 0;
  };
  static constexpr std::size_t kSeconds = 10;

  [[nodiscard]] Second& second_of(TimePoint now) noexcept;

  std::array<Second, kSeconds> seconds_{};
};

}  // namespace hawser::upstream
