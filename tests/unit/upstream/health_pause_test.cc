#include <algorithm>
#include <chrono>

#include "support/catch.h"
#include "upstream/check_pause.h"

namespace hawser::upstream {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bounds {
  Duration least;
  Duration most;
};

// Of so many pauses that both ends of a small interval come among them.
Bounds bounds_of(Duration interval) {
  constexpr int kTries = 2000;
  Rng rng(7);
  Bounds bounds{.least = Duration::max(), .most = Duration::min()};
  for (int i = 0; i < kTries; ++i) {
    const Duration pause = check_pause(rng, interval);
    bounds.least = std::min(bounds.least, pause);
    bounds.most = std::max(bounds.most, pause);
  }
  return bounds;
}

}  // namespace

TEST_CASE("two checks with different random numbers wait differently, both by a tenth of the interval at most") {
  Rng one(1);
  Rng other(2);
  const Duration first = check_pause(one, seconds(5));
  const Duration second = check_pause(other, seconds(5));
  CHECK(first != second);
  for (const Duration pause : {first, second}) {
    CHECK(pause >= milliseconds(4500));
    CHECK(pause <= milliseconds(5500));
  }
}

TEST_CASE("one server's checks do not keep one pause") {
  Rng rng(1);
  const Duration first = check_pause(rng, seconds(5));
  CHECK(check_pause(rng, seconds(5)) != first);
}

TEST_CASE("the bounds of the pause between checks are reached and never passed") {
  const Bounds hundred = bounds_of(milliseconds(100));
  CHECK(hundred.least == milliseconds(90));
  CHECK(hundred.most == milliseconds(110));
  const Bounds odd = bounds_of(milliseconds(109));  // the tenth is rounded down
  CHECK(odd.least == milliseconds(99));
  CHECK(odd.most == milliseconds(119));
  const Bounds tiny = bounds_of(milliseconds(9));
  CHECK(tiny.least == milliseconds(9));
  CHECK(tiny.most == milliseconds(9));
}

}  // namespace hawser::upstream
