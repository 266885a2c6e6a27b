#include "base/clock.h"

#include "support/catch.h"

using namespace hawser;
using namespace std::chrono_literals;

TEST_CASE("A manual clock stands still until it is moved") {
  ManualClock clock;
  const TimePoint before = clock.now();
  CHECK(clock.now() == before);
  clock.advance(250ms);
  CHECK(clock.now() - before == 250ms);
}
