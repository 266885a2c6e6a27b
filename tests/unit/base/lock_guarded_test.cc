#include "base/lock_guarded.h"

#include <thread>
#include <vector>

#include "support/catch.h"

using namespace hawser;

TEST_CASE("Threads that change a guarded value lose nothing") {
  LockGuarded<int> counter(0);
  std::vector<std::jthread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&counter] {
      for (int turn = 0; turn < 10'000; ++turn) counter.with([](int& value) { ++value; });
    });
  }
  threads.clear();
  CHECK(counter.with([](const int& value) { return value; }) == 40'000);
}
