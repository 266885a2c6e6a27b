#include "upstream/circuit_breaker.h"

#include <limits>

#include "support/catch.h"

namespace hawser::upstream {

namespace {

using namespace std::chrono_literals;
using Admission = CircuitBreaker::Admission;
using Event = CircuitBreaker::Event;
using State = CircuitBreaker::State;

constexpr std::uint64_t kNoJitter = 0;
constexpr std::uint64_t kMostJitter = std::numeric_limits<std::uint64_t>::max();

// A breaker whose owner opens it as soon as it may, and a clock that stands still until it is moved.
struct Rig {
  BreakerOptions options;
  CircuitBreaker breaker;
  ManualClock clock;
  std::uint64_t random = kNoJitter;

  Admission ask() { return breaker.try_begin(options, clock.now()); }
  Event tell(Admission admission, Outcome outcome) {
    return breaker.end(options, admission, outcome, clock.now(), random);
  }
  Event tell(Outcome outcome) { return tell(Admission::normal, outcome); }
  void open() { breaker.open(options, clock.now(), random); }
  TimePoint blocked_until() const { return breaker.blocked_until(options); }
  // The time of the ejection is over, and the session that finds out is let through.
  Admission probe() {
    clock.advance(breaker.ejected_for());
    return ask();
  }
};

Rig in_a_row(std::uint64_t failures) {
  Rig rig;
  rig.options.consecutive_failures = failures;
  rig.clock.advance(1h);
  return rig;
}

Rig by_ratio(double ratio, std::uint32_t min_attempts) {
  Rig rig = in_a_row(0);
  rig.options.consecutive_failures = std::nullopt;
  rig.options.failure_ratio = ratio;
  rig.options.min_attempts = min_attempts;
  return rig;
}

Rig opened() {
  Rig rig = in_a_row(1);
  rig.open();
  return rig;
}

}  // namespace

TEST_CASE("closed: every session is let through, and nothing but failures in a row reaches the limit") {
  Rig rig = in_a_row(3);
  for (int round = 0; round < 4; ++round) {
    CHECK(rig.tell(Outcome::failure) == Event::none);
    CHECK(rig.tell(Outcome::failure) == Event::none);
    CHECK(rig.tell(Outcome::success) == Event::none);
  }
  CHECK(rig.ask() == Admission::normal);
  CHECK(rig.blocked_until() == TimePoint::min());
  CHECK(rig.breaker.state() == State::closed);
}

TEST_CASE("closed: the limit is reached by the last failure of a row, and again by each that follows") {
  Rig rig = in_a_row(3);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
  CHECK(rig.breaker.state() == State::closed);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
  CHECK(rig.tell(Outcome::success) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::none);
}

TEST_CASE("closed: a session that taught nothing does not break a row") {
  Rig rig = in_a_row(2);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::none) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
}

TEST_CASE("open: nobody is let through until the time is over, to the millisecond") {
  Rig rig = opened();
  CHECK(rig.breaker.state() == State::open);
  CHECK(rig.blocked_until() == rig.clock.now() + 10s);
  rig.clock.advance(10s - 1ms);
  CHECK(rig.ask() == Admission::refused);
  CHECK(rig.breaker.state() == State::open);
  rig.clock.advance(1ms);
  CHECK(rig.ask() == Admission::probe);
  CHECK(rig.breaker.state() == State::half_open);
}

TEST_CASE("open: sessions that began before say nothing") {
  Rig rig = opened();
  const TimePoint until = rig.blocked_until();
  for (const Outcome outcome : {Outcome::success, Outcome::failure, Outcome::none}) {
    CHECK(rig.tell(outcome) == Event::none);
    CHECK(rig.breaker.state() == State::open);
    CHECK(rig.blocked_until() == until);
  }
}

TEST_CASE("half open: one probe at a time, and its success closes") {
  Rig rig = opened();
  const Admission probe = rig.probe();
  CHECK(rig.blocked_until() == TimePoint::max());
  CHECK(rig.ask() == Admission::refused);
  CHECK(rig.tell(probe, Outcome::success) == Event::closed);
  CHECK(rig.breaker.state() == State::closed);
  CHECK(rig.blocked_until() == TimePoint::min());
  CHECK(rig.ask() == Admission::normal);
}

TEST_CASE("half open: a failed probe opens again, for twice the time") {
  Rig rig = opened();
  const Admission probe = rig.probe();
  CHECK(rig.tell(probe, Outcome::failure) == Event::opened);
  CHECK(rig.breaker.state() == State::open);
  CHECK(rig.blocked_until() == rig.clock.now() + 20s);
}

TEST_CASE("half open: a probe that taught nothing gives its turn to the next") {
  Rig rig = opened();
  const Admission probe = rig.probe();
  CHECK(rig.tell(probe, Outcome::none) == Event::none);
  CHECK(rig.breaker.state() == State::half_open);
  CHECK(rig.blocked_until() == TimePoint::min());
  CHECK(rig.ask() == Admission::probe);
}

TEST_CASE("half open: sessions that began before say nothing, and take no probe's place") {
  Rig rig = opened();
  const Admission probe = rig.probe();
  for (const Outcome outcome : {Outcome::success, Outcome::failure, Outcome::none}) {
    CHECK(rig.tell(outcome) == Event::none);
    CHECK(rig.ask() == Admission::refused);
  }
  CHECK(rig.tell(probe, Outcome::success) == Event::closed);
}

TEST_CASE("half open: as many probes as are asked for go at a time, and all of them must succeed") {
  Rig rig = opened();
  rig.options.half_open_probes = 3;
  const Admission probe = rig.probe();
  CHECK(rig.ask() == Admission::probe);
  CHECK(rig.ask() == Admission::probe);
  CHECK(rig.ask() == Admission::refused);
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.ask() == Admission::refused);  // two under way are all that is still wanted
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.tell(probe, Outcome::success) == Event::closed);
}

TEST_CASE("half open: one failure among several probes opens, and the others say nothing then") {
  Rig rig = opened();
  rig.options.half_open_probes = 3;
  const Admission probe = rig.probe();
  REQUIRE(rig.ask() == Admission::probe);
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.tell(probe, Outcome::failure) == Event::opened);
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.breaker.state() == State::open);
}

TEST_CASE("half open: successes from before the last ejection do not count") {
  Rig rig = opened();
  rig.options.half_open_probes = 2;
  const Admission probe = rig.probe();
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.ask() == Admission::probe);
  CHECK(rig.tell(probe, Outcome::failure) == Event::opened);
  CHECK(rig.probe() == Admission::probe);
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  CHECK(rig.breaker.state() == State::half_open);
}

TEST_CASE("each ejection has its number") {
  Rig rig = opened();
  const std::uint32_t first = rig.breaker.ejections();
  const Admission probe = rig.probe();
  CHECK(rig.breaker.ejections() == first);
  REQUIRE(rig.tell(probe, Outcome::failure) == Event::opened);
  CHECK(rig.breaker.ejections() == first + 1);
}

TEST_CASE("failed probes double the time up to max_eject") {
  Rig rig = opened();
  rig.options.max_eject = 75s;
  for (const Duration expected : {20s, 40s, 75s, 75s, 75s}) {
    REQUIRE(rig.tell(rig.probe(), Outcome::failure) == Event::opened);
    CHECK(rig.breaker.ejected_for() == expected);
  }
}

TEST_CASE("any number of ejections in a row stays at max_eject") {
  Rig rig = opened();
  for (int i = 0; i < 200; ++i) REQUIRE(rig.tell(rig.probe(), Outcome::failure) == Event::opened);
  CHECK(rig.breaker.ejected_for() == rig.options.max_eject);
}

TEST_CASE("an eject longer than max_eject is cut to it") {
  Rig rig = in_a_row(1);
  rig.options.eject = 10min;
  rig.options.max_eject = 1min;
  rig.random = kMostJitter;
  rig.open();
  CHECK(rig.breaker.ejected_for() == 1min);
}

TEST_CASE("an ejection soon after the last one goes on doubling") {
  Rig rig = opened();
  REQUIRE(rig.tell(rig.probe(), Outcome::success) == Event::closed);
  rig.clock.advance(10s - 1ms);
  rig.open();
  CHECK(rig.breaker.ejected_for() == 20s);
}

TEST_CASE("a server that stayed closed for as long as it was ejected begins anew") {
  Rig rig = opened();
  REQUIRE(rig.tell(rig.probe(), Outcome::failure) == Event::opened);
  REQUIRE(rig.tell(rig.probe(), Outcome::success) == Event::closed);
  rig.clock.advance(20s);
  rig.open();
  CHECK(rig.breaker.ejected_for() == 10s);
}

TEST_CASE("a success resets the row, but not the doubling") {
  Rig rig = opened();
  REQUIRE(rig.tell(rig.probe(), Outcome::success) == Event::closed);
  CHECK(rig.tell(Outcome::success) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
  rig.open();
  CHECK(rig.breaker.ejected_for() == 20s);
}

TEST_CASE("jitter lengthens an ejection by a fifth at most, and never shortens it") {
  const auto ejected_for = [](std::uint64_t random) {
    Rig rig = in_a_row(1);
    rig.random = random;
    rig.open();
    return rig.breaker.ejected_for();
  };
  CHECK(ejected_for(kNoJitter) == 10s);
  CHECK(ejected_for(kMostJitter) == 12s);
  CHECK(ejected_for(kMostJitter / 2) == 11s);
}

TEST_CASE("jitter stays within max_eject") {
  Rig rig = opened();
  rig.random = kMostJitter;
  for (int i = 0; i < 10; ++i) REQUIRE(rig.tell(rig.probe(), Outcome::failure) == Event::opened);
  CHECK(rig.breaker.ejected_for() == rig.options.max_eject);
}

TEST_CASE("ratio: says nothing before min_attempts, and then counts successes too") {
  Rig rig = by_ratio(0.5, 10);
  for (int i = 0; i < 9; ++i) CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
}

TEST_CASE("ratio: is reached exactly, and only by a failure") {
  Rig rig = by_ratio(0.3, 10);
  for (int i = 0; i < 7; ++i) CHECK(rig.tell(Outcome::success) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::none);  // 2 of 9
  SECTION("by 3 of 10") { CHECK(rig.tell(Outcome::failure) == Event::limit_reached); }
  SECTION("not by 3 of 11") {
    CHECK(rig.tell(Outcome::success) == Event::none);
    CHECK(rig.tell(Outcome::failure) == Event::none);
    CHECK(rig.tell(Outcome::failure) == Event::limit_reached);  // 4 of 12
    CHECK(rig.tell(Outcome::success) == Event::none);           // 4 of 13 are more than 0.3, but this is no failure
  }
}

TEST_CASE("ratio: decimals that have no exact form in binary are met all the same") {
  Rig rig = by_ratio(0.07, 100);
  for (int i = 0; i < 93; ++i) CHECK(rig.tell(Outcome::success) == Event::none);
  for (int i = 0; i < 6; ++i) CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);  // 7 of 100; 0.07 × 100 is more than 7 in binary
}

TEST_CASE("ratio: sessions that taught nothing are no attempts") {
  Rig rig = by_ratio(0.5, 4);
  for (int i = 0; i < 20; ++i) CHECK(rig.tell(Outcome::none) == Event::none);
  for (int i = 0; i < 3; ++i) CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
}

TEST_CASE("ratio: the window slides by tenths") {
  Rig rig = by_ratio(0.5, 10);  // 1 h is the start of a tenth, which is 3 s long
  for (int i = 0; i < 9; ++i) CHECK(rig.tell(Outcome::failure) == Event::none);
  SECTION("what is one tenth less than the window old counts") {
    rig.clock.advance(30s - 1ms);
    CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
  }
  SECTION("what is the window old does not") {
    rig.clock.advance(30s);
    CHECK(rig.tell(Outcome::failure) == Event::none);
  }
  SECTION("a tenth that is written again has forgotten what it held, and no other has") {
    rig.clock.advance(27s);
    for (int i = 0; i < 8; ++i) CHECK(rig.tell(Outcome::success) == Event::none);
    rig.clock.advance(3s);
    CHECK(rig.tell(Outcome::failure) == Event::none);  // 1 of 9
    CHECK(rig.tell(Outcome::failure) == Event::none);  // 2 of 10
  }
}

TEST_CASE("ratio: what was counted before an ejection is forgotten after it") {
  Rig rig = by_ratio(0.5, 2);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
  rig.open();
  REQUIRE(rig.tell(rig.probe(), Outcome::success) == Event::closed);
  CHECK(rig.tell(Outcome::failure) == Event::none);
}

TEST_CASE("the row and the ratio are limits apart") {
  Rig rig = by_ratio(0.9, 100);
  rig.options.consecutive_failures = 2;
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
}

TEST_CASE("reload: another window starts counting anew") {
  Rig rig = by_ratio(0.5, 2);
  CHECK(rig.tell(Outcome::failure) == Event::none);
  rig.options.window = 1min;
  CHECK(rig.tell(Outcome::failure) == Event::none);
  CHECK(rig.tell(Outcome::failure) == Event::limit_reached);
}

TEST_CASE("reload: fewer probes than have succeeded already are decided by the next one") {
  Rig rig = opened();
  rig.options.half_open_probes = 3;
  const Admission probe = rig.probe();
  CHECK(rig.tell(probe, Outcome::success) == Event::none);
  rig.options.half_open_probes = 1;
  CHECK(rig.ask() == Admission::probe);
  CHECK(rig.ask() == Admission::refused);
  CHECK(rig.tell(probe, Outcome::success) == Event::closed);
}

TEST_CASE("reload: fewer probes than are under way are decided by the first one that ends") {
  Rig rig = opened();
  rig.options.half_open_probes = 3;
  const Admission probe = rig.probe();
  REQUIRE(rig.ask() == Admission::probe);
  rig.options.half_open_probes = 1;
  CHECK(rig.tell(probe, Outcome::success) == Event::closed);
  CHECK(rig.tell(probe, Outcome::failure) == Event::limit_reached);  // now a session like any other
}

TEST_CASE("reload: a breaker that was switched off stays open until its time is over, then closes") {
  Rig rig = opened();
  rig.options.consecutive_failures = std::nullopt;
  rig.clock.advance(10s - 1ms);
  CHECK(rig.ask() == Admission::refused);
  rig.clock.advance(1ms);
  CHECK(rig.ask() == Admission::normal);
  CHECK(rig.breaker.state() == State::closed);
}

TEST_CASE("reload: a probe of a breaker that was switched off closes it, however it ends") {
  for (const Outcome outcome : {Outcome::success, Outcome::failure}) {
    Rig rig = opened();
    const Admission probe = rig.probe();
    rig.options.consecutive_failures = std::nullopt;
    CHECK(rig.tell(probe, outcome) == Event::closed);
  }
}

TEST_CASE("switched off: no failure reaches a limit") {
  Rig rig = in_a_row(1);
  rig.options.consecutive_failures = std::nullopt;
  CHECK_FALSE(is_on(rig.options));
  for (int i = 0; i < 100; ++i) CHECK(rig.tell(Outcome::failure) == Event::none);
}

}  // namespace hawser::upstream
