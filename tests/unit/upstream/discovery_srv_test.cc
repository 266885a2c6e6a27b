#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

config::Upstream make_upstream() {
  config::Upstream upstream = upstream_of("chat", {});
  upstream.discover.srv = "_ws._tcp.test";
  return upstream;
}

const config::Upstream kChat = make_upstream();

void watch_chat(DiscoveryRig& rig) {
  rig.watch({kChat});
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  rig.dns.answer("a.test.", {"10.0.0.1"}, minutes(5));
  rig.turn();
  REQUIRE(rig.take_changed() == Texts{"chat"});
  rig.pass(seconds(11));
  REQUIRE(rig.dns.open() == Texts{"_ws._tcp.test"});
}

}  // namespace

TEST_CASE("targets of service records are asked as soon as the records come") {
  DiscoveryRig rig;
  rig.watch({kChat});
  CHECK(rig.dns.open() == Texts{"_ws._tcp.test"});
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 1}, {"b.test", 81, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.dns.open() == Texts{"a.test.", "b.test."});
  rig.dns.answer("a.test.", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
  rig.dns.answer("b.test.", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80", "10.0.0.2:81"});
}

TEST_CASE("a target is a full name, asked for without search domains, and its certificate's name has no last dot") {
  DiscoveryRig rig;
  rig.watch({kChat});
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.dns.open() == Texts{"a.test."});
  CHECK(rig.names(kChat) == Texts{"a.test:80 unresolved"});
  CHECK(rig.members_of(kChat).at(0).host == "a.test");
  rig.dns.answer("a.test.", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(rig.members_of(kChat).at(0).host == "a.test");
}

TEST_CASE("a target that is an IP address needs no question") {
  DiscoveryRig rig;
  rig.watch({kChat});
  rig.dns.serve("_ws._tcp.test", {{"10.0.0.7", 80, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"10.0.0.7:80"});
}

TEST_CASE("servers stay while the targets of new records are being resolved") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
  rig.dns.answer("b.test.", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"10.0.0.2:80"});
}

TEST_CASE("records of which no target can be resolved take no server away") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, minutes(5));
  rig.turn();
  rig.dns.fail("b.test.", ErrorCode::not_found, "no such name");
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
  rig.pass(seconds(2));
  rig.dns.answer("b.test.", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("a reload while new targets are being resolved takes no server away") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, minutes(5));
  rig.prepare(configuration_of({kChat}), seconds(2));
  REQUIRE(rig.dns.open() == Texts{"b.test."});
  SECTION("when they are not resolved in time") { rig.pass(seconds(2)); }
  SECTION("when they fail") { rig.dns.fail("b.test.", ErrorCode::timed_out, "no answer"); }
  rig.turn();
  REQUIRE(rig.prepared == 1);
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80"});
  CHECK_FALSE(config::has_errors(rig.diagnostics));
  CHECK(messages_of(rig.diagnostics).back() == "the servers that were found before are kept");
  rig.watch({kChat});
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80"});
  rig.pass(seconds(2));
  rig.dns.answer("b.test.", {"10.0.0.2"}, minutes(5));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"10.0.0.2:80"});
  CHECK(messages_of(rig.diagnostics) == Texts{});
}

TEST_CASE("a target that fails between done and watch() is told, for whoever compiled kept the servers for it") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}, {"c.test", 80, 0, 1}}, minutes(5));
  rig.prepare(configuration_of({kChat}), seconds(2));
  rig.dns.answer("c.test.", {"10.0.0.3"}, minutes(5));
  rig.pass(seconds(2));
  REQUIRE(rig.names(kChat) == Texts{"10.0.0.1:80"});
  rig.dns.fail("b.test.", ErrorCode::not_found, "no such name");
  rig.watch({kChat});
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"b.test:80 unresolved", "10.0.0.3:80"});
}

TEST_CASE("reload after reload keeps the servers while no target can be resolved") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, minutes(5));
  rig.turn();
  rig.dns.fail("b.test.", ErrorCode::not_found, "no such name");
  rig.turn();
  for (int i = 0; i < 3; ++i) {
    rig.prepare(configuration_of({kChat}));
    CHECK(rig.names(kChat) == Texts{"10.0.0.1:80"});
    rig.watch({kChat});
  }
  CHECK(rig.take_changed() == Texts{});
}

TEST_CASE("servers that the configuration writes change while discovered ones are kept") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, minutes(5));
  rig.turn();
  config::Upstream next = kChat;
  next.servers = upstream_of("", {"10.0.0.5:80"}).servers;
  rig.prepare(configuration_of({next}), seconds(2));
  rig.pass(seconds(2));
  CHECK(rig.names(next) == Texts{"10.0.0.5:80", "10.0.0.1:80"});
}

TEST_CASE("another service keeps no server of the one before") {
  DiscoveryRig rig;
  watch_chat(rig);
  config::Upstream next = kChat;
  next.discover.srv = "_other._tcp.test";
  rig.prepare(configuration_of({next}), seconds(2));
  rig.pass(seconds(2));
  CHECK(rig.names(next) == Texts{"_other._tcp.test unresolved"});
}

TEST_CASE("a target that the records no longer name is forgotten") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"b.test", 80, 0, 1}}, minutes(5));
  rig.turn();
  CHECK(rig.discoverer.known()->find(address_question("a.test.")) == nullptr);
}

TEST_CASE("another weight or priority is a change") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 9}, {"a.test", 81, 0, 2}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.members_of(kChat).at(0).settings.weight == 9);
  rig.pass(seconds(11));
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 0, 3}, {"a.test", 81, 0, 2}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.members_of(kChat).at(0).settings.weight == 3);
  rig.pass(seconds(11));
  rig.dns.serve("_ws._tcp.test", {{"a.test", 80, 1, 3}, {"a.test", 81, 0, 2}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("a service that says it has no server has none") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", {{"", 0, 0, 0}}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{});
}

TEST_CASE("a failing service keeps its servers") {
  DiscoveryRig rig;
  watch_chat(rig);
  rig.dns.serve("_ws._tcp.test", failure(ErrorCode::unavailable, "SERVFAIL"));
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80"});
}

}  // namespace hawser::upstream::testing
