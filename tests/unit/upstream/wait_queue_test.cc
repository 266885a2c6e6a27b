#include "upstream/wait_queue.h"

#include <array>
#include <atomic>
#include <barrier>
#include <future>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "unit/modules/server_groups.h"

namespace hawser::upstream::testing {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};
constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

// Sessions that wait, by number, and the leases that they were given.
class Waiters {
 public:
  explicit Waiters(SharedGroup group) : group_(std::move(group)) {}
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  // Who still waits must not be given what the leases hold.
  ~Waiters() {
    while (queue().take_oldest()) continue;
  }

  std::optional<WaitQueue::Ticket> join(int number, std::uint64_t limit = kAnyNumber) {
    return queue().join(limit, [this, number](ServerLease lease) {
      order.push_back(number);
      leases.push_back(std::move(lease));
    });
  }
  WaitQueue& queue() { return group_->state->upstream().queue(); }

  std::vector<int> order;
  std::vector<ServerLease> leases;

 private:
  SharedGroup group_;
};

// Servers that take one session each.
SharedGroup make_narrow_group(std::size_t count) {
  const SharedGroup group = make_equal_group(count);
  for (const Server& server : group->servers) server.state->set_max_sessions(1);
  return group;
}

std::optional<ServerLease> acquire(const SharedGroup& group, ServerIndex index, TimePoint now = kStart) {
  return ServerLease::try_acquire(group, group->servers[index], now);
}

}  // namespace

TEST_CASE("the queue gives its waiters in the order in which they joined") {
  Waiters waiters(make_narrow_group(1));
  for (const int number : {1, 2, 3}) CHECK(waiters.join(number));
  while (auto grant = waiters.queue().take_oldest()) grant(ServerLease());
  CHECK(waiters.order == std::vector{1, 2, 3});
  CHECK_FALSE(waiters.queue().has_waiters());
}

TEST_CASE("no more wait than may") {
  Waiters waiters(make_narrow_group(1));
  CHECK_FALSE(waiters.join(0, 0));
  CHECK(waiters.join(1, 2));
  CHECK(waiters.join(2, 2));
  CHECK_FALSE(waiters.join(3, 2));
  CHECK(waiters.queue().waiting() == 2);
  REQUIRE(waiters.queue().take_oldest());
  CHECK(waiters.join(4, 2));
}

TEST_CASE("who leaves gets nothing, and the others keep their order") {
  Waiters waiters(make_narrow_group(1));
  const std::array tickets{waiters.join(1), waiters.join(2), waiters.join(3)};
  CHECK(waiters.queue().leave(*tickets[1]));
  CHECK_FALSE(waiters.queue().leave(*tickets[1]));
  while (auto grant = waiters.queue().take_oldest()) grant(ServerLease());
  CHECK(waiters.order == std::vector{1, 3});
  CHECK_FALSE(waiters.queue().leave(*tickets[0]));
  CHECK(waiters.queue().waiting() == 0);
}

TEST_CASE("what a waiter held is gone when it leaves") {
  Waiters waiters(make_narrow_group(1));
  auto held = std::make_shared<int>(0);
  const auto ticket = waiters.queue().join(1, [held](ServerLease) {});
  REQUIRE(ticket);
  CHECK(held.use_count() == 2);
  CHECK(waiters.queue().leave(*ticket));
  CHECK(held.use_count() == 1);
}

TEST_CASE("a place that is freed goes to the oldest waiter, and nobody else can take it") {
  const SharedGroup group = make_narrow_group(1);
  Waiters waiters(group);
  ServerLease first = hold(group, 0);
  for (const int number : {1, 2}) REQUIRE(waiters.join(number));
  first.release();
  CHECK(waiters.order == std::vector{1});
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{1});
  CHECK(group->state->live_sessions() == 1);
  CHECK(group->state->started_sessions() == 2);
  CHECK_FALSE(acquire(group, 0));
}

TEST_CASE("a place that was passed on is a whole lease: it is judged and passed on again") {
  const SharedGroup group =
      changed(make_narrow_group(1), [](ServerGroup& made) { made.breaker.consecutive_failures = 1; });
  Waiters waiters(group);
  ServerLease first = hold(group, 0);
  for (const int number : {1, 2}) REQUIRE(waiters.join(number));
  first.release();
  REQUIRE(waiters.leases.size() == 1);
  CHECK(waiters.leases[0].group() == group);
  CHECK(waiters.leases[0].state() == state_of(group, 0));
  CHECK(waiters.leases[0].judge(Outcome::success, kStart, 0) == BreakerEvent::none);
  waiters.leases[0].release();
  REQUIRE(waiters.order == std::vector{1, 2});
  CHECK(waiters.leases[1].judge(Outcome::failure, kStart, 0) == BreakerEvent::ejected);
}

TEST_CASE("a lease that a waiter cannot use goes to the next one") {
  const SharedGroup group = make_narrow_group(1);
  Waiters waiters(group);
  ServerLease first = hold(group, 0);
  REQUIRE(waiters.queue().join(kAnyNumber, [](ServerLease) {}));
  REQUIRE(waiters.join(2));
  first.release();
  CHECK(waiters.order == std::vector{2});
  waiters.leases.clear();
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0});
}

TEST_CASE("the place of a server that is out or was limited further is not passed on") {
  const SharedGroup group =
      changed(make_equal_group(1), [](ServerGroup& made) { made.breaker.consecutive_failures = 1; });
  Waiters waiters(group);
  ServerState& state = *group->servers[0].state;
  std::array leases{hold(group, 0), hold(group, 0)};
  REQUIRE(waiters.join(1));
  SECTION("blocked") { state.block(Block::health); }
  SECTION("ejected") { REQUIRE(leases[1].judge(Outcome::failure, kStart, 0) == BreakerEvent::ejected); }
  SECTION("limited") { state.set_max_sessions(1); }
  leases[0].release();
  CHECK(waiters.order.empty());
  CHECK(state.live_sessions() == 1);
  CHECK(waiters.queue().waiting() == 1);
}

TEST_CASE("the place of a server that left is not passed on") {
  const SharedGroup group = make_narrow_group(2);
  Waiters waiters(group);
  ServerLease lease = hold(group, 0);
  REQUIRE(waiters.join(1));
  SharedGroup smaller;
  SECTION("with its place in the group") {
    smaller = without(group, 0);
    group->state->set_current(smaller);
  }
  SECTION("with the group") { group->state->set_current(nullptr); }
  lease.release();
  CHECK(waiters.order.empty());
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0, 0});
}

TEST_CASE("a place is passed on in the group that is in use, not in the one it was taken from") {
  const SharedGroup group = make_narrow_group(1);
  Waiters waiters(group);
  ServerLease lease = hold(group, 0);
  const SharedGroup reloaded = with_one_more(group);
  group->state->set_current(reloaded);
  REQUIRE(waiters.join(1));
  lease.release();
  REQUIRE(waiters.leases.size() == 1);
  CHECK(waiters.leases[0].group() == reloaded);
}

TEST_CASE("a waiter is served when a judged session ends") {
  const SharedGroup group = make_narrow_group(1);
  Waiters waiters(group);
  ServerLease lease = hold(group, 0);
  CHECK(lease.judge(Outcome::success, kStart, 0) == BreakerEvent::none);
  REQUIRE(waiters.join(1));
  lease.release();
  CHECK(waiters.order == std::vector{1});
}

TEST_CASE("free places are given to those who wait, oldest first, and no more than there are") {
  const SharedGroup group = make_narrow_group(2);
  Waiters waiters(group);
  for (const int number : {1, 2, 3}) REQUIRE(waiters.join(number));
  grant_free_places(group, kStart);
  CHECK(waiters.order == std::vector{1, 2});
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{1, 1});
  grant_free_places(group, kStart);
  CHECK(waiters.order == std::vector{1, 2});
  waiters.leases[1].release();
  CHECK(waiters.order == std::vector{1, 2, 3});
}

TEST_CASE("free places are given in turn over the servers") {
  const SharedGroup group = make_equal_group(3);
  Waiters waiters(group);
  for (int number = 0; number < 7; ++number) REQUIRE(waiters.join(number));
  group->servers[1].state->block(Block::health);
  grant_free_places(group, kStart);
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{4, 0, 3});
}

TEST_CASE("free places of a server in slow start are the last to be given") {
  const SharedGroup group = make_slow_group({1, 1}, 10);
  group->servers[1].state->set_max_sessions(3);
  begin_slow_start(*group, group->servers[0]);
  Waiters waiters(group);
  for (int number = 0; number < 5; ++number) REQUIRE(waiters.join(number));
  grant_free_places(group, kStart);
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{2, 3});
}

TEST_CASE("a server whose ejection is over is offered to one who waits, as a probe") {
  const SharedGroup group =
      changed(make_equal_group(1), [](ServerGroup& made) { made.breaker.consecutive_failures = 1; });
  REQUIRE(acquire(group, 0)->judge(Outcome::failure, kStart, 0) == BreakerEvent::ejected);
  Waiters waiters(group);
  for (const int number : {1, 2}) REQUIRE(waiters.join(number));
  grant_free_places(group, kStart + 10s - 1ms);
  CHECK(waiters.order.empty());
  grant_free_places(group, kStart + 10s);
  REQUIRE(waiters.order == std::vector{1});
  CHECK(waiters.leases[0].judge(Outcome::success, kStart + 10s, 0) == BreakerEvent::recovered);
  grant_free_places(group, kStart + 10s);
  CHECK(waiters.order == std::vector{1, 2});
}

namespace {

// How a session looks once more for a place after it joined.
enum class Look : std::uint8_t { by_granting, by_picking };

// What went wrong among sessions on many threads, and what they share.
struct Crowd {
  Crowd(std::uint32_t places, Look how) : most(places), look(how) { group->servers[0].state->set_max_sessions(places); }

  void use(ServerLease lease) {
    if (holding.fetch_add(1) >= most) ++above;
    std::this_thread::yield();  // long enough for others to join
    holding.fetch_sub(1);
    lease.release();
  }
  void wait_and_use();
  void run_session() {
    if (auto lease = acquire(group, 0)) return use(std::move(*lease));
    wait_and_use();
  }

  const SharedGroup group = make_equal_group(1);
  const std::uint32_t most;
  const Look look;
  std::atomic<std::uint32_t> holding{0};
  std::atomic<int> above{0};
  std::atomic<int> waited{0};
  std::atomic<int> lost{0};
  std::atomic<int> out_of_order{0};
  std::atomic<WaitQueue::Ticket> newest_served{0};
};

void Crowd::wait_and_use() {
  WaitQueue& queue = group->state->upstream().queue();
  auto promise = std::make_shared<std::promise<ServerLease>>();
  auto place = promise->get_future();
  const auto ticket = queue.join(kAnyNumber, [promise](ServerLease lease) { promise->set_value(std::move(lease)); });
  if (look == Look::by_granting) {
    grant_free_places(group, kStart);
  } else if (auto lease = acquire(group, 0); lease && queue.leave(*ticket)) {
    return use(std::move(*lease));
  }
  if (place.wait_for(60s) != std::future_status::ready) {
    ++lost;
    return;
  }
  ++waited;
  ServerLease lease = place.get();
  if (most == 1 && newest_served.exchange(*ticket) > *ticket) ++out_of_order;
  use(std::move(lease));
}

void expect_order(Crowd& crowd) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) crowd.run_session();
    });
  }
  threads.clear();
  CHECK(crowd.above == 0);
  CHECK(crowd.lost == 0);
  CHECK(crowd.out_of_order == 0);
  CHECK(crowd.waited > 0);
  CHECK(live_sessions(crowd.group) == std::vector<std::uint32_t>{0});
  CHECK(crowd.group->state->live_sessions() == 0);
  CHECK(crowd.group->state->upstream().queue().waiting() == 0);
}

}  // namespace

TEST_CASE("on many threads no place is given twice, no waiter is lost, and the first come is served first") {
  for (const std::uint32_t places : {1U, 3U}) {
    for (const Look look : {Look::by_granting, Look::by_picking}) {
      INFO(places << " places, look " << static_cast<int>(look));
      Crowd crowd(places, look);
      expect_order(crowd);
    }
  }
}

// One round has one place, one who frees it and one who wants it, so that nobody else can make up for a lost waiter.
TEST_CASE("who joins while the only place is freed gets it") {
  constexpr int kRounds = 20'000;
  const SharedGroup group = make_narrow_group(1);
  WaitQueue& queue = group->state->upstream().queue();
  ServerLease held = hold(group, 0);
  ServerLease got;
  int lost = 0;
  std::barrier round(2);
  std::jthread freeing([&] {
    for (int i = 0; i < kRounds; ++i) {
      round.arrive_and_wait();
      held.release();
      round.arrive_and_wait();
      lost += got.is_held() ? 0 : 1;
      while (queue.take_oldest()) continue;
      got.release();
      held = hold(group, 0);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    round.arrive_and_wait();
    static_cast<void>(queue.join(1, [&](ServerLease lease) { got = std::move(lease); }));
    grant_free_places(group, kStart);
    round.arrive_and_wait();
  }
  freeing.join();
  CHECK(lost == 0);
}

TEST_CASE("on many threads waiters that give up lose no place") {
  const SharedGroup group = make_narrow_group(1);
  WaitQueue& queue = group->state->upstream().queue();
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto lease = acquire(group, 0);
        std::atomic<bool> is_granted{false};
        const auto ticket = queue.join(kAnyNumber, [&](ServerLease) { is_granted.store(true); });
        if (queue.leave(*ticket)) {
          wrong += is_granted.load() ? 1 : 0;
        } else {
          while (!is_granted.load()) std::this_thread::yield();
        }
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
  CHECK(queue.waiting() == 0);
  CHECK(live_sessions(group) == std::vector<std::uint32_t>{0});
  CHECK(acquire(group, 0));
}

}  // namespace hawser::upstream::testing
