#include "proxy/listener_state.h"

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
