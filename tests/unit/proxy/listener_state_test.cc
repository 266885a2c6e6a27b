#include "proxy/listener_state.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "support/catch.h"

using namespace hawser::proxy;

TEST_CASE("a lease counts one session and knows how many there were") {
  const auto state = std::make_shared<ListenerState>();
  const ListenerLease first(state);
  const ListenerLease second(state);
  CHECK(first.rank() == 1);
  CHECK(second.rank() == 2);
  CHECK(state->sessions() == 2);
}

TEST_CASE("a lease that ends makes room for the next") {
  const auto state = std::make_shared<ListenerState>();
  std::optional<ListenerLease> first(std::in_place, state);
  first.reset();
  CHECK(state->sessions() == 0);
  CHECK(ListenerLease(state).rank() == 1);
}

TEST_CASE("a lease that was moved counts once") {
  const auto state = std::make_shared<ListenerState>();
  ListenerLease first(state);
  {
    const ListenerLease moved = std::move(first);
    CHECK(state->sessions() == 1);
    CHECK(moved.rank() == 1);
  }
  CHECK(state->sessions() == 0);
}

TEST_CASE("a lease that takes another's place gives its own back") {
  const auto one = std::make_shared<ListenerState>();
  const auto other = std::make_shared<ListenerState>();
  ListenerLease lease(one);
  lease = ListenerLease(other);
  CHECK(one->sessions() == 0);
  CHECK(other->sessions() == 1);
}

TEST_CASE("a state lives as long as a lease of it") {
  auto state = std::make_shared<ListenerState>();
  const std::weak_ptr<ListenerState> watched = state;
  {
    const ListenerLease lease(std::move(state));
    CHECK_FALSE(watched.expired());
  }
  CHECK(watched.expired());
}

TEST_CASE("a listener counts the sessions of each address apart from its own") {
  const auto state = std::make_shared<ListenerState>();
  const auto address = hawser::IpAddress::from_v4({192, 0, 2, 1});
  const auto first = hawser::limits::AddressCounter::acquire(state->addresses(), address);
  const auto second = hawser::limits::AddressCounter::acquire(state->addresses(), address);
  CHECK(second.rank() == 2);
  CHECK(state->addresses()->addresses() == 1);
  CHECK(state->sessions() == 0);
}

TEST_CASE("a lease of an address outlives the listener") {
  auto state = std::make_shared<ListenerState>();
  const std::weak_ptr<hawser::limits::AddressCounter> watched = state->addresses();
  {
    const auto address = hawser::IpAddress::from_v4({192, 0, 2, 1});
    const auto lease = hawser::limits::AddressCounter::acquire(state->addresses(), address);
    state.reset();
    CHECK_FALSE(watched.expired());
  }
  CHECK(watched.expired());
}

TEST_CASE("all workers take the tokens for new sessions from one bucket") {
  const auto state = std::make_shared<ListenerState>();
  const auto take = [&state](hawser::TimePoint now) {
    return state->new_sessions().with(
        [now](hawser::limits::TokenBucket& bucket) { return bucket.try_take({.per_second = 2, .burst = 2}, now); });
  };
  const hawser::TimePoint now{};
  CHECK(take(now));
  CHECK(take(now));
  CHECK_FALSE(take(now));
  CHECK(take(now + std::chrono::milliseconds(500)));
}
