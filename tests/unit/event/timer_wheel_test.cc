#include "event/timer_wheel.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::event;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{12'345'678ms};
constexpr Duration kRevolution = 1024 * TimerWheel::kTick;

// Counts, and does what a test wants done from inside.
struct Counter final : TimerObserver {
  void on_timer(Timer& timer) override {
    ++fired;
    was_armed = timer.is_armed();
    if (then) then(timer);
  }
  int fired = 0;
  bool was_armed = false;
  std::function<void(Timer&)> then;
};

// When a timer fires if the wheel is advanced every `step`.
Duration fires_after(Duration deadline, Duration step, Duration phase = 0ms) {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.advance(kStart + phase);
  wheel.arm(timer, kStart + phase + deadline);
  Duration passed = 0ms;
  while (counter.fired == 0 && passed <= deadline + kRevolution) {
    passed += step;
    wheel.advance(kStart + phase + passed);
  }
  return passed;
}

}  // namespace

TEST_CASE("a timer is never early and at most a tick late") {
  const Duration deadline = GENERATE(1ms, 99ms, 100ms, 101ms, 150ms, 999ms, 1000ms, 10s, 60s);
  const Duration phase = GENERATE(0ms, 1ms, 50ms, 99ms);
  CAPTURE(deadline.count(), phase.count());
  const Duration fired = fires_after(deadline, 1ms, phase);
  CHECK(fired >= deadline);
  CHECK(fired < deadline + TimerWheel::kTick);
}

TEST_CASE("a deadline beyond one revolution is kept to the tick") {
  const Duration deadline =
      GENERATE(kRevolution - 1ms, kRevolution, kRevolution + 1ms, 2 * kRevolution + 450ms, Duration(24h));
  CAPTURE(deadline.count());
  const Duration fired = fires_after(deadline, TimerWheel::kTick);
  CHECK(fired >= deadline);
  CHECK(fired <= deadline + TimerWheel::kTick);
}

TEST_CASE("a deadline that has passed fires at the next tick") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.advance(kStart + 10s);
  wheel.arm(timer, kStart + GENERATE(Duration(-5s), Duration(0ms), Duration(3s), Duration(10s)));
  wheel.advance(kStart + 10s);
  CHECK(counter.fired == 0);
  wheel.advance(kStart + 10s + TimerWheel::kTick);
  CHECK(counter.fired == 1);
}

TEST_CASE("a timer fires once") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.arm(timer, kStart + 1s);
  wheel.advance(kStart + 2s);
  wheel.advance(kStart + 2s + kRevolution);
  CHECK(counter.fired == 1);
}

TEST_CASE("a jump of time over many revolutions fires all that is due and nothing else") {
  TimerWheel wheel(kStart);
  Counter due;
  Counter later;
  Timer first(due);
  Timer second(due);
  Timer third(due);
  Timer last(later);
  wheel.arm(first, kStart + 1s);
  wheel.arm(second, kStart + kRevolution + 1s);
  wheel.arm(third, kStart + 7 * kRevolution);
  wheel.arm(last, kStart + 20 * kRevolution + 1s);
  wheel.advance(kStart + 20 * kRevolution);
  CHECK(due.fired == 3);
  CHECK(later.fired == 0);
  wheel.advance(kStart + 20 * kRevolution + 1s);
  CHECK(later.fired == 1);
}

TEST_CASE("time that stands still or goes back fires nothing") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.advance(kStart + 5s);
  wheel.arm(timer, kStart + 6s);
  wheel.advance(kStart + 5s);
  wheel.advance(kStart + 1s);
  wheel.advance(kStart - 1s);
  CHECK(counter.fired == 0);
  wheel.advance(kStart + 6s);
  CHECK(counter.fired == 1);
}

TEST_CASE("an armed timer is moved by arming it again") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.arm(timer, kStart + 1s);
  wheel.arm(timer, kStart + 3s);
  wheel.advance(kStart + 2s);
  CHECK(counter.fired == 0);
  wheel.advance(kStart + 3s);
  CHECK(counter.fired == 1);
}

TEST_CASE("a disarmed timer does not fire") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  wheel.arm(timer, kStart + 1s);
  CHECK(timer.is_armed());
  timer.disarm();
  CHECK_FALSE(timer.is_armed());
  wheel.advance(kStart + 2s);
  CHECK(counter.fired == 0);
}

TEST_CASE("a timer is disarmed when its observer hears of it") {
  TimerWheel wheel(kStart);
  Counter counter;
  counter.was_armed = true;
  Timer timer(counter);
  wheel.arm(timer, kStart + 1s);
  wheel.advance(kStart + 1s);
  CHECK(counter.fired == 1);
  CHECK_FALSE(counter.was_armed);
}

TEST_CASE("a timer armed again from inside waits for its next deadline, even while time jumps") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  TimePoint now = kStart;
  counter.then = [&](Timer& fired) { wheel.arm(fired, now + 1s); };
  wheel.arm(timer, kStart + 1s);
  for (int i = 1; i <= 3; ++i) {
    now += 2 * kRevolution;
    wheel.advance(now);
    CHECK(counter.fired == i);
    CHECK(timer.is_armed());
  }
}

TEST_CASE("an observer may disarm another timer of the same tick") {
  TimerWheel wheel(kStart);
  Counter first;
  Counter second;
  Timer one(first);
  Timer two(second);
  first.then = [&](Timer&) { two.disarm(); };
  second.then = [&](Timer&) { one.disarm(); };
  wheel.arm(one, kStart + 1s);
  wheel.arm(two, kStart + 1s);
  wheel.advance(kStart + 1s);
  CHECK(first.fired + second.fired == 1);
  CHECK(wheel.is_empty());
}

TEST_CASE("an observer may destroy other timers, and its own") {
  TimerWheel wheel(kStart);
  Counter counter;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 4; ++i) timers.push_back(std::make_unique<Timer>(counter));
  counter.then = [&](Timer&) { timers.clear(); };
  for (const auto& timer : timers) wheel.arm(*timer, kStart + 1s);
  wheel.advance(kStart + 1s);
  CHECK(counter.fired == 1);
  CHECK(wheel.is_empty());
}

TEST_CASE("an observer may move another timer of the same tick to a later one") {
  TimerWheel wheel(kStart);
  Counter mover;
  Counter moved;
  Timer one(mover);
  Timer two(moved);
  wheel.arm(one, kStart + 1s);
  wheel.arm(two, kStart + 1s);
  mover.then = [&](Timer&) { wheel.arm(two, kStart + 2s); };
  wheel.advance(kStart + 1s);
  CHECK(mover.fired == 1);
  CHECK(moved.fired == 0);
  wheel.advance(kStart + 2s);
  CHECK(moved.fired == 1);
}

TEST_CASE("a timer leaves the wheel when it is destroyed") {
  TimerWheel wheel(kStart);
  Counter counter;
  {
    Timer timer(counter);
    wheel.arm(timer, kStart + 1s);
    CHECK_FALSE(wheel.is_empty());
  }
  CHECK(wheel.is_empty());
  wheel.advance(kStart + 2s);
  CHECK(counter.fired == 0);
}

TEST_CASE("a timer outlives its wheel, disarmed and untold") {
  Counter counter;
  Timer timer(counter);
  {
    TimerWheel wheel(kStart);
    wheel.arm(timer, kStart + 1s);
  }
  CHECK_FALSE(timer.is_armed());
  CHECK(counter.fired == 0);
}

TEST_CASE("a wheel is empty until a timer is armed and again once it fired") {
  TimerWheel wheel(kStart);
  Counter counter;
  Timer timer(counter);
  CHECK(wheel.is_empty());
  wheel.arm(timer, kStart + 3 * kRevolution);
  CHECK_FALSE(wheel.is_empty());
  wheel.advance(kStart + 2 * kRevolution);
  CHECK_FALSE(wheel.is_empty());
  wheel.advance(kStart + 3 * kRevolution);
  CHECK(wheel.is_empty());
}

TEST_CASE("many random timers each fire once, in their tick") {
  Rng rng(99);
  TimerWheel wheel(kStart);
  TimePoint now = kStart;
  struct Checked final : TimerObserver {
    void on_timer(Timer&) override {
      ++fired;
      lateness = *now - deadline;
    }
    const TimePoint* now = nullptr;
    TimePoint deadline{};
    Duration lateness{-1};
    int fired = 0;
  };
  std::vector<Checked> observers(500);
  std::vector<std::unique_ptr<Timer>> timers;
  for (Checked& observer : observers) {
    observer.now = &now;
    observer.deadline = kStart + Duration(rng.below(300'000));
    timers.push_back(std::make_unique<Timer>(observer));
    wheel.arm(*timers.back(), observer.deadline);
  }
  for (; now < kStart + 310s; now += 10ms) wheel.advance(now);
  for (const Checked& observer : observers) {
    REQUIRE(observer.fired == 1);
    REQUIRE(observer.lateness >= 0ms);
    REQUIRE(observer.lateness <= TimerWheel::kTick);
  }
}
