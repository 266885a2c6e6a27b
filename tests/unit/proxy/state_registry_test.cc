// StateRegistry: which servers, tiers, upstreams, listeners and rates are the same as before, and for how long.
#include "proxy/state_registry.h"

#include <memory>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

TEST_CASE("a server is the same as long as upstream, address and TLS name are") {
  StateRegistry states;
  const auto server = states.server("chat", "10.0.0.1:80", "a.test");
  CHECK(states.server("chat", "10.0.0.1:80", "a.test") == server);
  CHECK(states.server("news", "10.0.0.1:80", "a.test") != server);
  CHECK(states.server("chat", "10.0.0.1:81", "a.test") != server);
  CHECK(states.server("chat", "10.0.0.1:80", "b.test") != server);
  CHECK(states.server("chat", "10.0.0.1:80", "") != server);
}

TEST_CASE("a group is the same as long as upstream and rank are, and shares its upstream's state") {
  StateRegistry states;
  const auto group = states.group("chat", 0);
  CHECK(states.group("chat", 0) == group);
  CHECK(states.group("chat", 1) != group);
  CHECK(states.group("news", 0) != group);
  CHECK(&group->upstream() == states.upstream("chat").get());
  CHECK(&states.group("chat", 1)->upstream() == &group->upstream());
}

TEST_CASE("names of upstreams and of listeners do not mix") {
  StateRegistry states;
  const auto upstream = states.upstream("chat");
  const auto listener = states.listener("chat");
  CHECK(states.upstream("chat") == upstream);
  CHECK(states.listener("chat") == listener);
  CHECK(states.upstream("news") != upstream);
  CHECK(states.listener("news") != listener);
}

TEST_CASE("what somebody still holds is found again, after forgetting too") {
  StateRegistry states;
  const auto server = states.server("chat", "10.0.0.1:80", "");
  const auto group = states.group("chat", 0);
  const auto listener = states.listener("public");
  states.forget_unused();
  CHECK(states.server("chat", "10.0.0.1:80", "") == server);
  CHECK(states.group("chat", 0) == group);
  CHECK(states.upstream("chat").get() == &group->upstream());
  CHECK(states.listener("public") == listener);
}

TEST_CASE("what nobody holds any more is not kept alive, and begins anew") {
  StateRegistry states;
  auto server = states.server("chat", "10.0.0.1:80", "");
  server->block(upstream::Block::health);
  const std::weak_ptr<upstream::ServerState> watched = server;
  server.reset();
  CHECK(watched.expired());
  SECTION("before it is forgotten") {}
  SECTION("once it is forgotten") { states.forget_unused(); }
  CHECK_FALSE(states.server("chat", "10.0.0.1:80", "")->is_blocked());
}

TEST_CASE("a rate's buckets are the same as long as somebody holds them") {
  StateRegistry states;
  auto limiter = states.rate_limiter("chat");
  const limits::Rate rate{.per_second = 1, .burst = 1};
  REQUIRE(limiter->try_take("client", rate, TimePoint{}));
  states.forget_unused();
  CHECK(states.rate_limiter("chat") == limiter);
  CHECK(states.rate_limiter("news") != limiter);
  CHECK_FALSE(states.rate_limiter("chat")->try_take("client", rate, TimePoint{}));
  limiter.reset();
  CHECK(states.rate_limiter("chat")->try_take("client", rate, TimePoint{}));
}
