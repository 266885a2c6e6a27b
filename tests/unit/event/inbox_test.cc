#include "event/inbox.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "event/loop.h"
#include "support/catch.h"
#include "unit/event/turned_loop.h"

using namespace hawser;
using namespace hawser::event;

TEST_CASE("a posted task runs on the loop's thread, not on the poster's") {
  TurnedLoop turned;
  std::thread::id ran_on;
  std::thread poster([&] {
    turned.inbox().post([&] {
      ran_on = std::this_thread::get_id();
      turned.loop().stop();
    });
  });
  turned.loop().run();
  poster.join();
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("tasks of one poster run in their order") {
  TurnedLoop turned;
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) turned.inbox().post([&ran, i] { ran.push_back(i); });
  turned.turn();
  REQUIRE(ran.size() == 100);
  CHECK(std::is_sorted(ran.begin(), ran.end()));
}

TEST_CASE("tasks of many threads all run, each thread's in their order") {
  constexpr int kPosters = 4;
  constexpr int kTasks = 2000;
  TurnedLoop turned;
  std::vector<std::vector<int>> ran(kPosters);
  int total = 0;
  std::vector<std::thread> posters;
  for (std::size_t poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kTasks; ++i) {
        turned.inbox().post([&, poster, i] {
          ran[poster].push_back(i);
          if (++total == kPosters * kTasks) turned.loop().stop();
        });
      }
    });
  }
  turned.loop().run();
  for (std::thread& poster : posters) poster.join();
  for (const auto& each : ran) {
    REQUIRE(each.size() == kTasks);
    CHECK(std::is_sorted(each.begin(), each.end()));
  }
}

TEST_CASE("a task may post another, which runs in a later turn") {
  TurnedLoop turned;
  int runs = 0;
  turned.inbox().post([&] {
    ++runs;
    turned.inbox().post([&] { ++runs; });
    CHECK(runs == 1);
  });
  turned.turn();
  CHECK(runs == 2);
}

TEST_CASE("tasks that did not run are destroyed with the inbox") {
  const auto loop = Loop::create().value();
  auto inbox = Inbox::create(*loop).value();
  const auto watched = std::make_shared<int>(0);
  inbox->post([watched] { ++*watched; });
  CHECK(watched.use_count() == 2);
  inbox.reset();
  CHECK(watched.use_count() == 1);
  CHECK(*watched == 0);
}

TEST_CASE("an inbox may be destroyed from inside its own task") {
  const auto loop = Loop::create().value();
  auto inbox = Inbox::create(*loop).value();
  int runs = 0;
  inbox->post([&] {
    ++runs;
    inbox.reset();
  });
  inbox->post([&] {
    ++runs;
    loop->stop();
  });
  loop->run();
  CHECK(runs == 2);
}

TEST_CASE("a task may own what cannot be copied") {
  TurnedLoop turned;
  int seen = 0;
  turned.inbox().post([&seen, owned = std::make_unique<int>(7)] { seen = *owned; });
  turned.turn();
  CHECK(seen == 7);
}
