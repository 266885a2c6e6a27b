// Monotonic time, passed in wherever it is needed so that tests can turn it by hand.
#pragma once

#include <chrono>

namespace hawser {

using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

// Gives the current monotonic time. Implementations say which thread may ask.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
};

// A clock that stands still until a test moves it.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  void advance(std::chrono::milliseconds by) noexcept { now_ += by; }

 private:
  TimePoint now_{};
};

}  // namespace hawser
