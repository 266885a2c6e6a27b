#include "event/delay_heap.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "event/loop.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::event;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{12'345'678ms};

// Counts, and does what a test wants done from inside.
struct Counter final : DelayObserver {
  void on_delay(Delay& delay) override {
    ++fired;
    was_armed = delay.is_armed();
    if (then) then(delay);
  }
  int fired = 0;
  bool was_armed = false;
  std::function<void(Delay&)> then;
};

}  // namespace

TEST_CASE("a delay fires at its deadline, not before, and once") {
  DelayHeap heap;
  Counter counter;
  Delay delay(counter);
  const Duration length = GENERATE(1ms, 25ms, 999ms, Duration(24h));
  heap.arm(delay, kStart + length);
  heap.advance(kStart + length - 1ms);
  CHECK(counter.fired == 0);
  CHECK(delay.is_armed());
  heap.advance(kStart + length);
  CHECK(counter.fired == 1);
  CHECK_FALSE(counter.was_armed);
  CHECK_FALSE(delay.is_armed());
  heap.advance(kStart + 2 * length);
  CHECK(counter.fired == 1);
}

TEST_CASE("delays fire in the order of their deadlines, whatever the order of arming") {
  DelayHeap heap;
  std::vector<Delay*> order;
  Counter counter;
  counter.then = [&](Delay& delay) { order.push_back(&delay); };
  Delay first(counter);
  Delay second(counter);
  Delay third(counter);
  heap.arm(second, kStart + 20ms);
  heap.arm(third, kStart + 30ms);
  heap.arm(first, kStart + 10ms);
  CHECK(heap.next_deadline() == kStart + 10ms);
  heap.advance(kStart + 1s);
  CHECK(order == std::vector<Delay*>{&first, &second, &third});
}

TEST_CASE("an armed delay is moved by arming it again") {
  DelayHeap heap;
  Counter counter;
  Delay delay(counter);
  heap.arm(delay, kStart + 10ms);
  heap.arm(delay, kStart + 30ms);
  heap.advance(kStart + 20ms);
  CHECK(counter.fired == 0);
  heap.advance(kStart + 30ms);
  CHECK(counter.fired == 1);
}

TEST_CASE("a disarmed delay does not fire, and its neighbours do") {
  DelayHeap heap;
  Counter counter;
  std::vector<std::unique_ptr<Delay>> delays;
  for (int i = 0; i < 7; ++i) delays.push_back(std::make_unique<Delay>(counter));
  for (std::size_t i = 0; i < delays.size(); ++i) heap.arm(*delays[i], kStart + Duration(i));
  const auto removed = GENERATE(range(0, 7));
  delays[static_cast<std::size_t>(removed)]->disarm();
  heap.advance(kStart + 1s);
  CHECK(counter.fired == 6);
  CHECK(heap.is_empty());
}

TEST_CASE("a delay of nothing armed from inside waits for the next advance") {
  DelayHeap heap;
  Counter counter;
  Delay delay(counter);
  counter.then = [&](Delay& fired) { heap.arm(fired, kStart); };
  heap.arm(delay, kStart);
  heap.advance(kStart);
  CHECK(counter.fired == 1);
  heap.advance(kStart);
  CHECK(counter.fired == 1);
  heap.advance(kStart + 1ms);
  CHECK(counter.fired == 2);
}

TEST_CASE("time that goes back fires nothing") {
  DelayHeap heap;
  Counter counter;
  Delay delay(counter);
  heap.advance(kStart);
  heap.arm(delay, kStart + 1ms);
  heap.advance(kStart - 1s);
  CHECK(counter.fired == 0);
  heap.advance(kStart + 1ms);
  CHECK(counter.fired == 1);
}

TEST_CASE("an observer may disarm, move and destroy other delays, and destroy its own") {
  DelayHeap heap;
  Counter counter;
  Counter others;
  auto own = std::make_unique<Delay>(counter);
  auto destroyed = std::make_unique<Delay>(others);
  Delay moved(others);
  Delay disarmed(others);
  counter.then = [&](Delay&) {
    own.reset();
    destroyed.reset();
    disarmed.disarm();
    heap.arm(moved, kStart + 1s);
  };
  heap.arm(*destroyed, kStart + 1ms);
  heap.arm(moved, kStart + 1ms);
  heap.arm(disarmed, kStart + 1ms);
  heap.arm(*own, kStart);
  heap.advance(kStart + 10ms);
  CHECK(counter.fired == 1);
  CHECK(others.fired == 0);
  heap.advance(kStart + 1s);
  CHECK(others.fired == 1);
  CHECK(heap.is_empty());
}

TEST_CASE("a delay leaves its heap when it is destroyed, and outlives it disarmed") {
  Counter counter;
  Delay longer_lived(counter);
  {
    DelayHeap heap;
    heap.arm(longer_lived, kStart);
    {
      Delay shorter_lived(counter);
      heap.arm(shorter_lived, kStart - 1ms);
    }
    CHECK(heap.next_deadline() == kStart);
  }
  CHECK_FALSE(longer_lived.is_armed());
  CHECK(counter.fired == 0);
}

TEST_CASE("many random delays, some taken out and some moved, each fire once in order") {
  Rng rng(7);
  DelayHeap heap;
  struct Checked final : DelayObserver {
    void on_delay(Delay&) override {
      ++fired;
      CHECK(deadline >= *last);
      *last = deadline;
    }
    TimePoint* last = nullptr;
    TimePoint deadline{};
    int fired = 0;
  };
  TimePoint last = kStart - 1s;
  std::vector<Checked> observers(400);
  std::vector<std::unique_ptr<Delay>> delays;
  const auto arm = [&](std::size_t i) {
    observers[i].deadline = kStart + Duration(rng.below(1000));
    heap.arm(*delays[i], observers[i].deadline);
  };
  for (std::size_t i = 0; i < observers.size(); ++i) {
    observers[i].last = &last;
    delays.push_back(std::make_unique<Delay>(observers[i]));
    arm(i);
  }
  for (std::size_t i = 0; i < observers.size(); i += 3) delays[i]->disarm();
  for (std::size_t i = 1; i < observers.size(); i += 3) arm(i);
  heap.advance(kStart + 1s);
  for (std::size_t i = 0; i < observers.size(); ++i) CHECK(observers[i].fired == (i % 3 == 0 ? 0 : 1));
  CHECK(heap.is_empty());
}

TEST_CASE("a loop fires delays in order, never early, though the first was armed last") {
  const auto loop = Loop::create().value();
  std::vector<Duration> passed;
  Counter counter;
  Delay longer(counter);
  Delay shorter(counter);
  const TimePoint armed_at = loop->now();
  counter.then = [&](Delay& fired) {
    passed.push_back(loop->now() - armed_at);
    if (&fired == &longer) loop->stop();
  };
  loop->arm(longer, 30ms);
  loop->arm(shorter, 10ms);
  loop->run();
  REQUIRE(passed.size() == 2);
  CHECK(passed[0] >= 10ms);
  CHECK(passed[0] <= passed[1]);
  CHECK(passed[1] >= 30ms);
}

TEST_CASE("a loop goes on to the next delay when the first was disarmed, and fires one armed from inside") {
  const auto loop = Loop::create().value();
  Counter counter;
  Delay disarmed(counter);
  Delay delay(counter);
  counter.then = [&](Delay& fired) {
    CHECK(&fired == &delay);
    if (counter.fired == 3) return loop->stop();
    loop->arm(fired, 0ms);
  };
  loop->arm(disarmed, 5ms);
  loop->arm(delay, 10ms);
  disarmed.disarm();
  loop->run();
  CHECK(counter.fired == 3);
}

TEST_CASE("a delay that is armed dies before or after its loop") {
  Counter counter;
  Delay longer_lived(counter);
  {
    const auto loop = Loop::create().value();
    Delay shorter_lived(counter);
    loop->arm(shorter_lived, 10s);
    loop->arm(longer_lived, 10s);
  }
  CHECK_FALSE(longer_lived.is_armed());
}
