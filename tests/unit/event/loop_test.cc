#include "event/loop.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event/byte_stream.h"
#include "support/catch.h"
#include "unit/event/turned_loop.h"

using namespace hawser;
using namespace hawser::event;
using namespace std::chrono_literals;

namespace {

struct Mortal final : Disposable {
  explicit Mortal(std::function<void()> last_words) : last_words_(std::move(last_words)) {}
  ~Mortal() override { last_words_(); }
  std::function<void()> last_words_;
};

std::unique_ptr<Mortal> mortal(std::function<void()> last_words) {
  return std::make_unique<Mortal>(std::move(last_words));
}

}  // namespace

TEST_CASE("what is disposed of lives until its callback returned, and dies in the same turn") {
  TurnedLoop turned;
  std::vector<std::string> order;
  turned.inbox().post([&] {
    turned.loop().dispose(mortal([&] { order.emplace_back("dead"); }));
    order.emplace_back("callback over");
  });
  turned.turn(1);
  CHECK(order == std::vector<std::string>{"callback over", "dead"});
}

TEST_CASE("what is disposed of outlives every callback of its turn") {
  TurnedLoop turned;
  std::vector<std::string> order;
  turned.inbox().post([&] { turned.loop().dispose(mortal([&] { order.emplace_back("dead"); })); });
  turned.inbox().post([&] { order.emplace_back("second callback"); });
  turned.turn(1);
  CHECK(order == std::vector<std::string>{"second callback", "dead"});
}

TEST_CASE("a destructor may dispose of more, which dies in the same turn") {
  TurnedLoop turned;
  int dead = 0;
  turned.inbox().post([&] {
    turned.loop().dispose(mortal([&] {
      ++dead;
      turned.loop().dispose(mortal([&] { ++dead; }));
    }));
  });
  turned.turn(1);
  CHECK(dead == 2);
}

TEST_CASE("a hundred thousand objects die without recursion") {
  TurnedLoop turned;
  int dead = 0;
  turned.inbox().post([&] {
    for (int i = 0; i < 100'000; ++i) turned.loop().dispose(mortal([&] { ++dead; }));
  });
  turned.turn(1);
  CHECK(dead == 100'000);
}

TEST_CASE("what was disposed of dies with a loop that never runs again") {
  int dead = 0;
  {
    const auto loop = Loop::create().value();
    loop->dispose(mortal([&] { ++dead; }));
    CHECK(dead == 0);
  }
  CHECK(dead == 1);
}

TEST_CASE("a timer of a running loop fires, never early") {
  const auto loop = Loop::create().value();
  struct Stopper final : TimerObserver {
    explicit Stopper(Loop& stopped) : loop(stopped) {}
    void on_timer(Timer&) override {
      fired_at = loop.now();
      loop.stop();
    }
    Loop& loop;
    TimePoint fired_at{};
  } stopper(*loop);
  Timer timer(stopper);
  const TimePoint armed_at = loop->now();
  loop->arm(timer, 150ms);
  loop->run();
  CHECK(stopper.fired_at - armed_at >= 150ms);
  CHECK_FALSE(timer.is_armed());
}

TEST_CASE("a timer that is armed dies before or after its loop") {
  struct Silent final : TimerObserver {
    void on_timer(Timer&) override { FAIL("fired"); }
  } silent;
  Timer longer_lived(silent);
  {
    const auto loop = Loop::create().value();
    Timer shorter_lived(silent);
    loop->arm(shorter_lived, 10s);
    loop->arm(longer_lived, 10s);
  }
  CHECK_FALSE(longer_lived.is_armed());
}

TEST_CASE("the receive buffer has its size and room in front") {
  const auto loop = Loop::create().value();
  const auto buffer = loop->receive_buffer();
  CHECK(buffer.size() == Loop::kReceiveBufferSize);
  *(buffer.data() - kReadHeadroom) = std::byte{1};
  buffer.back() = std::byte{2};
  CHECK(loop->receive_buffer().data() == buffer.data());
}

TEST_CASE("a loop runs again after it was stopped") {
  TurnedLoop turned;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    turned.inbox().post([&] { ++runs; });
    turned.turn(1);
  }
  CHECK(runs == 3);
}
