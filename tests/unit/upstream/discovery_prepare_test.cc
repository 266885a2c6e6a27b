#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

const config::Upstream kChat = upstream_of("chat", {"a.test:80", "b.test:80"});

// So often that it is not asked again for minutes.
void fail_for_long(DiscoveryRig& rig, const std::string& name) {
  for (int i = 0; i < 10; ++i) {
    rig.dns.fail(name, ErrorCode::not_found, "no such name");
    if (i < 9) rig.pass(minutes(6));
  }
  rig.turn();
  REQUIRE(rig.dns.open() == Texts{});
}

}  // namespace

TEST_CASE("preparing ends when every name was answered or failed") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({kChat}));
  CHECK(rig.dns.open() == Texts{"a.test", "b.test"});
  rig.dns.answer("a.test", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(rig.prepared == 0);
  rig.dns.fail("b.test", ErrorCode::not_found, "no such name");
  CHECK(rig.prepared == 0);  // nobody is called from inside an answer
  rig.turn();
  CHECK(rig.prepared == 1);
  CHECK(rig.names(kChat) == Texts{"a.test:80", "b.test:80 unresolved"});
}

TEST_CASE("preparing goes on to the targets of service records") {
  DiscoveryRig rig;
  config::Upstream upstream = upstream_of("chat", {});
  upstream.discover.srv = "_ws._tcp.test";
  rig.prepare(configuration_of({upstream}));
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.prepared == 0);
  rig.dns.answer("a.test.", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(rig.prepared == 1);
  CHECK(rig.names(upstream) == Texts{"10.0.0.1:80"});
}

TEST_CASE("preparing ends at its deadline, and later answers are taken") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({kChat}), seconds(2));
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.pass(milliseconds(1999));
  CHECK(rig.prepared == 0);
  rig.pass(milliseconds(1));
  CHECK(rig.prepared == 1);
  CHECK(rig.names(kChat) == Texts{"a.test:80", "b.test:80 unresolved"});
  rig.watch({kChat});
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  CHECK(rig.prepared == 1);
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"a.test:80", "b.test:80"});
}

TEST_CASE("an answer between done and watch() is told, for whoever compiled did not know it") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({kChat}), seconds(2));
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.pass(seconds(2));
  REQUIRE(rig.prepared == 1);
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  rig.watch({kChat});
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("watching what was prepared tells nobody of anything") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({kChat}));
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  rig.watch({kChat});
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.dns.open() == Texts{});
}

TEST_CASE("what is known is not asked again, and done is called from inside") {
  DiscoveryRig rig;
  rig.watch({kChat});
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  bool is_done = false;
  rig.discoverer.prepare(configuration_of({kChat}), seconds(5), [&] { is_done = true; });
  CHECK(is_done);
  CHECK(rig.dns.open() == Texts{});
}

TEST_CASE("a name that fails already is asked at once for a new configuration, which does not wait for it") {
  DiscoveryRig rig;
  const config::Upstream upstream = upstream_of("chat", {"a.test:80"});
  rig.watch({upstream});
  fail_for_long(rig, "a.test");
  rig.prepare(configuration_of({upstream}));
  CHECK(rig.prepared == 1);
  CHECK(rig.dns.open() == Texts{"a.test"});
  rig.watch({upstream});
  CHECK(rig.take_changed() == Texts{});
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(upstream) == Texts{"a.test:80"});
}

TEST_CASE("a name that fails but is known, or known in part, is asked at once and not waited for") {
  DiscoveryRig rig;
  const config::Upstream upstream = upstream_of("chat", {"a.test:80"});
  rig.watch({upstream});
  SECTION("failing") {
    rig.dns.answer("a.test", {"10.0.0.1"}, seconds(1));
    rig.pass(seconds(2));
    fail_for_long(rig, "a.test");
  }
  SECTION("incomplete") {
    event::AddressAnswer half = addresses({"10.0.0.1"}, minutes(5));
    half.missing = event::Missing::v6;
    rig.dns.answer("a.test", half);
    rig.turn();
  }
  REQUIRE(rig.dns.open() == Texts{});
  rig.prepare(configuration_of({upstream}));
  CHECK(rig.prepared == 1);
  CHECK(rig.dns.open() == Texts{"a.test"});
}

TEST_CASE("a new name is waited for beside one that fails already") {
  DiscoveryRig rig;
  rig.watch({upstream_of("chat", {"a.test:80"})});
  fail_for_long(rig, "a.test");
  rig.prepare(configuration_of({kChat}));
  CHECK(rig.dns.open() == Texts{"a.test", "b.test"});
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  CHECK(rig.prepared == 1);
}

TEST_CASE("a name that failed only for a configuration that was refused is waited for again") {
  DiscoveryRig rig;
  rig.watch({upstream_of("chat", {"10.0.0.9:80"})});
  rig.prepare(configuration_of({kChat}));
  for (const std::string name : {"a.test", "b.test"}) rig.dns.fail(name, ErrorCode::not_found, "no such name");
  rig.turn();
  REQUIRE(rig.prepared == 1);
  rig.prepare(configuration_of({kChat}));
  CHECK(rig.prepared == 1);
  CHECK(rig.dns.open() == Texts{"a.test", "b.test"});
}

TEST_CASE("new nameservers are waited for, also for names that the old ones fail on") {
  DiscoveryRig rig;
  config::Configuration next = configuration_of({upstream_of("chat", {"a.test:80"})});
  rig.watch(next);
  fail_for_long(rig, "a.test");
  next.resolver.nameservers = {"10.9.9.9"};
  rig.prepare(next);
  REQUIRE(rig.dns.open() == Texts{"a.test", "a.test"});
  rig.dns.fail_first("a.test", ErrorCode::unavailable, "SERVFAIL");
  rig.turn();
  CHECK(rig.prepared == 0);
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.turn();
  CHECK(rig.prepared == 1);
}

TEST_CASE("a name that fails but is known is asked at once of the new nameservers when they are taken") {
  DiscoveryRig rig;
  config::Configuration next = configuration_of({upstream_of("chat", {"a.test:80"})});
  rig.watch(next);
  rig.dns.answer("a.test", {"10.0.0.1"}, seconds(1));
  rig.pass(seconds(2));
  fail_for_long(rig, "a.test");
  next.resolver.nameservers = {"10.9.9.9"};
  rig.prepare(next);
  CHECK(rig.prepared == 1);
  rig.dns.fail("a.test", ErrorCode::unavailable, "SERVFAIL");
  rig.turn();
  rig.watch(next);
  CHECK(rig.dns.made.size() == 2);
  CHECK(rig.dns.open() == Texts{"a.test"});
}

TEST_CASE("a question that is under way for the running configuration is not asked twice") {
  DiscoveryRig rig;
  rig.watch({kChat});
  rig.prepare(configuration_of({kChat}));
  CHECK(rig.dns.open() == Texts{"a.test", "b.test"});
}

TEST_CASE("a prepared configuration asks its own nameservers, a refused one leaves the running ones") {
  DiscoveryRig rig;
  rig.watch({upstream_of("chat", {"a.test:80"})});
  rig.dns.answer("a.test", {"10.0.0.1"}, seconds(10));
  config::Configuration next = configuration_of({upstream_of("chat", {"new.test:80"})});
  next.resolver.nameservers = {"10.9.9.9"};
  rig.prepare(next);
  REQUIRE(rig.dns.made.size() == 2);
  CHECK(rig.dns.made[1].nameservers == Texts{"10.9.9.9"});
  rig.dns.answer("new.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  CHECK(rig.prepared == 1);
  SECTION("refused: the next question goes to the old resolver") {
    rig.pass(seconds(11));
    CHECK(rig.dns.open() == Texts{"a.test"});
    CHECK(rig.dns.made.size() == 2);
  }
  SECTION("taken: the new resolver goes on") {
    rig.watch(next);
    rig.pass(minutes(6));
    CHECK(rig.dns.open() == Texts{"new.test"});
    CHECK(rig.dns.made.size() == 2);
  }
}

TEST_CASE("names of a prepared configuration are not forgotten while the running one changes") {
  DiscoveryRig rig;
  config::Upstream running = upstream_of("chat", {});
  running.discover.srv = "_ws._tcp.test";
  rig.watch({running});
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  rig.dns.answer("a.test.", {"10.0.0.1"}, minutes(5));
  rig.turn();
  rig.prepare(configuration_of({upstream_of("chat", {"a.test.:80", "new.test:80"})}));
  rig.dns.answer("new.test", {"10.0.0.2"}, minutes(5));
  rig.pass(seconds(11));
  REQUIRE(rig.prepared == 1);
  rig.dns.serve("_ws._tcp.test", {{"c.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.discoverer.known()->answer_to(address_question("a.test.")) != nullptr);
  CHECK(rig.discoverer.known()->answer_to(address_question("new.test")) != nullptr);
}

TEST_CASE("a name whose failure the configuration's check reported is not logged as well") {
  DiscoveryRig rig;
  const config::Upstream upstream = upstream_of("chat", {"a.test:80"});
  rig.prepare(configuration_of({upstream}));
  rig.dns.fail("a.test", ErrorCode::not_found, "no such name");
  rig.turn();
  rig.watch({upstream});
  rig.pass(milliseconds(1050));
  rig.dns.fail("a.test", ErrorCode::not_found, "no such name");
  rig.turn();
  CHECK(rig.log().empty());
}

TEST_CASE("who watches from inside done has what was prepared") {
  DiscoveryRig rig;
  const config::Configuration configuration = configuration_of({kChat});
  rig.discoverer.prepare(configuration, seconds(5), [&] { rig.discoverer.watch(configuration, [](const auto&) {}); });
  rig.turn();
  rig.dns.answer("a.test", {"10.0.0.1"}, minutes(5));
  rig.dns.answer("b.test", {"10.0.0.2"}, minutes(5));
  rig.turn();
  CHECK(rig.names(kChat) == Texts{"a.test:80", "b.test:80"});
  CHECK(rig.discoverer.next_due() > rig.clock.now() + minutes(4));
}

TEST_CASE("a new discovery goes on from what another knew") {
  DiscoveryRig first;
  first.prepare(configuration_of({kChat}));
  first.dns.answer("a.test", {"10.0.0.1"}, seconds(30));
  first.dns.answer("b.test", {"10.0.0.2"}, seconds(30));
  first.turn();
  DiscoveryRig second(first.discoverer.known());
  second.watch({kChat});
  CHECK(second.names(kChat) == Texts{"a.test:80", "b.test:80"});
  second.pass(seconds(29));
  CHECK(second.dns.asked.empty());
  second.pass(seconds(3));
  CHECK(second.dns.open() == Texts{"a.test", "b.test"});
}

}  // namespace hawser::upstream::testing
