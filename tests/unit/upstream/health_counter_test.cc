#include "upstream/health_counter.h"

#include <string>
#include <string_view>

#include "support/catch.h"

namespace hawser::upstream {

namespace {

char letter_of(Health health) {
  switch (health) {
    case Health::unknown:
      return '?';
    case Health::up:
      return 'u';
    case Health::down:
      break;
  }
  return 'd';
}

// The state after each of the verdicts (+ good, - failed), in capitals where it changed.
std::string states_after(std::string_view verdicts, Health start, HealthThresholds thresholds) {
  HealthCounter counter(start, thresholds);
  std::string states;
  for (const char verdict : verdicts) {
    const bool has_changed = counter.count(verdict == '+' ? CheckVerdict::good : CheckVerdict::failed);
    const char letter = letter_of(counter.health());
    states += has_changed ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return states;
}

constexpr HealthThresholds kTwoUpThreeDown{.rise = 2, .fall = 3};

}  // namespace

TEST_CASE("a server goes down with exactly the failed checks in a row that it takes") {
  CHECK(states_after("---", Health::up, kTwoUpThreeDown) == "uuD");
  CHECK(states_after("----", Health::up, kTwoUpThreeDown) == "uuDd");
  CHECK(states_after("--", Health::up, {.rise = 2, .fall = 1}) == "Dd");
}

TEST_CASE("a server comes up with exactly the good checks in a row that it takes") {
  CHECK(states_after("+++", Health::down, kTwoUpThreeDown) == "dUu");
  CHECK(states_after("++", Health::down, {.rise = 1, .fall = 3}) == "Uu");
}

TEST_CASE("a verdict that agrees with the state begins the count anew") {
  CHECK(states_after("--+--+---", Health::up, kTwoUpThreeDown) == "uuuuuuuuD");
  CHECK(states_after("+-+-++", Health::down, kTwoUpThreeDown) == "dddddU");
}

TEST_CASE("no verdict is counted twice over a change") {
  CHECK(states_after("---++---++", Health::up, kTwoUpThreeDown) == "uuDdUuuDdU");
}

TEST_CASE("of a server that nothing is known of the first verdict alone decides") {
  CHECK(states_after("+", Health::unknown, kTwoUpThreeDown) == "U");
  CHECK(states_after("-", Health::unknown, kTwoUpThreeDown) == "D");
  CHECK(states_after("-+-++---", Health::unknown, kTwoUpThreeDown) == "DdddUuuD");
}

TEST_CASE("a threshold of none is taken for one") {
  CHECK(states_after("-+", Health::up, {.rise = 0, .fall = 0}) == "DU");
}

}  // namespace hawser::upstream
