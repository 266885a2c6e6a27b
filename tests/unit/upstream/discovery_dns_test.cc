#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

const config::Upstream kChat = upstream_of("chat", {"chat.test:80"});

// Watches kChat, whose name has these addresses.
void watch_chat(DiscoveryRig& rig, const Texts& texts, Duration ttl = seconds(10)) {
  rig.watch({kChat});
  rig.dns.answer("chat.test", texts, ttl);
  rig.turn();
  REQUIRE(rig.take_changed() == Texts{"chat"});
  rig.dns.asked.clear();
}

event::AddressAnswer lacking(event::Missing missing, const Texts& texts, Duration ttl = seconds(10)) {
  event::AddressAnswer answer = addresses(texts, ttl);
  answer.missing = missing;
  return answer;
}

void ask_again(DiscoveryRig& rig, Duration after = seconds(11)) {
  rig.pass(after);
  REQUIRE(rig.dns.open() == Texts{"chat.test"});
}

}  // namespace

TEST_CASE("a record that is added becomes a server, and one that is removed goes") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  ask_again(rig);
  rig.dns.answer("chat.test", {"10.0.0.1", "10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
  ask_again(rig);
  rig.dns.answer("chat.test", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
  CHECK(rig.members_of(kChat).at(0).address == SocketAddress::parse("10.0.0.2:80").value());
  CHECK(rig.log().find("servers of an upstream changed upstream=chat added=0 removed=1 "
                       "removed_servers=10.0.0.1:80 altered=1 servers=1") != std::string::npos);
}

TEST_CASE("the same answer again changes nothing") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  ask_again(rig);
  rig.dns.answer("chat.test", {"10.0.0.1"}, seconds(20));
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
}

TEST_CASE("a failure of any kind keeps the last good set") {
  const auto code = GENERATE(ErrorCode::unavailable, ErrorCode::not_found, ErrorCode::timed_out, ErrorCode::malformed);
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1", "10.0.0.2"});
  ask_again(rig);
  rig.dns.fail("chat.test", code, "no");
  rig.turn();
  CHECK(rig.take_changed() == Texts{});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
}

TEST_CASE("after a failure a name is asked again soon, then ever more seldom") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  ask_again(rig);
  for (const int pause : {1, 2, 4, 8}) {
    rig.dns.fail("chat.test", ErrorCode::unavailable, "SERVFAIL");
    rig.take_asked();
    rig.pass(seconds(pause) - milliseconds(1));
    CHECK(rig.take_asked() == Texts{});
    rig.pass(milliseconds(1 + pause * 50));
    CHECK(rig.take_asked() == Texts{"chat.test"});
  }
}

TEST_CASE("a name that fails is logged once, and once when it works again") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1", "10.0.0.2"});
  ask_again(rig);
  for (int i = 0; i < 3; ++i) {
    rig.dns.fail("chat.test", ErrorCode::unavailable, "SERVFAIL");
    ask_again(rig, seconds(20));
  }
  for (int i = 0; i < 2; ++i) {
    rig.dns.answer("chat.test", {"10.0.0.1", "10.0.0.2"}, seconds(10));
    ask_again(rig, seconds(20));
  }
  const std::string log = rig.log();
  const std::string failed = R"(cannot resolve a name name=chat.test error=SERVFAIL result="keeping 2 servers")";
  const std::string works = "a name resolves again name=chat.test servers=2";
  CHECK(log.find(failed) != std::string::npos);
  CHECK(log.find(failed) == log.rfind(failed));
  CHECK(log.find(works) != std::string::npos);
  CHECK(log.find(works) == log.rfind(works));
}

TEST_CASE("a kind of address that the nameserver failed on stays, the other is renewed") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1", "fd00::1"});
  SECTION("IPv6") {
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.2"}));
    rig.turn();
    CHECK(rig.take_changed() == Texts{"chat"});
    CHECK(rig.names(kChat) == Texts{"10.0.0.2:80", "[fd00::1]:80"});
  }
  SECTION("IPv4") {
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v4, {"fd00::2"}));
    rig.turn();
    CHECK(rig.names(kChat) == Texts{"10.0.0.1:80", "[fd00::2]:80"});
  }
  SECTION("one after the other") {
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.1"}));
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v4, {"fd00::1"}));
    rig.turn();
    CHECK(rig.take_changed() == Texts{});
  }
  ask_again(rig);
  rig.dns.answer("chat.test", {"10.0.0.3"}, seconds(10));
  rig.turn();
  CHECK(rig.names(kChat) == Texts{"chat.test:80"});
}

TEST_CASE("a name of which one kind of address was never known has the other, and nothing is logged") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({kChat}));
  rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.1", "10.0.0.2"}));
  rig.turn();
  CHECK(rig.prepared == 1);
  rig.watch({kChat});
  CHECK(rig.names(kChat) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
  CHECK(messages_of(rig.diagnostics) == Texts{});
  for (int i = 0; i < 3; ++i) {
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.1", "10.0.0.2"}));
    rig.turn();
  }
  CHECK(rig.log().empty());
}

TEST_CASE("addresses that are kept are logged once, and once when they are known again") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1", "fd00::1"});
  for (int i = 0; i < 3; ++i) {
    ask_again(rig);
    rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.1"}));
    rig.turn();
  }
  ask_again(rig);
  rig.dns.answer("chat.test", {"10.0.0.1", "fd00::1"}, seconds(10));
  rig.turn();
  const std::string log = rig.log();
  const std::string lacks = R"(cannot resolve a name completely name=chat.test missing=AAAA result="keeping 1 server")";
  const std::string works = "a name resolves again name=chat.test servers=2";
  CHECK(log.find(lacks) != std::string::npos);
  CHECK(log.find(lacks) == log.rfind(lacks));
  CHECK(log.find(works) != std::string::npos);
  CHECK(log.find(works) == log.rfind(works));
}

TEST_CASE("a missing kind of address is asked for again soon, then ever more seldom up to the TTL") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1", "fd00::1"});
  ask_again(rig);
  for (const int pause : {1, 2, 4, 5, 5}) {
    rig.dns.answer("chat.test", lacking(event::Missing::v6, {"10.0.0.1"}, seconds(5)));
    rig.take_asked();
    rig.pass(seconds(pause) - milliseconds(1));
    CHECK(rig.take_asked() == Texts{});
    rig.pass(milliseconds(1 + pause * 50));
    CHECK(rig.take_asked() == Texts{"chat.test"});
  }
}

TEST_CASE("a TTL of a second is asked every second, or as seldom as resolve.min says") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"}, seconds(1));
  rig.pass(milliseconds(999));
  CHECK(rig.dns.open() == Texts{});
  rig.pass(milliseconds(51));
  REQUIRE(rig.dns.open() == Texts{"chat.test"});
  config::Upstream slow = kChat;
  slow.resolve.min = seconds(4);
  rig.watch({slow});
  rig.dns.answer("chat.test", {"10.0.0.1"}, seconds(1));
  rig.pass(milliseconds(3999));
  CHECK(rig.dns.open() == Texts{});
  rig.pass(milliseconds(201));
  CHECK(rig.dns.open() == Texts{"chat.test"});
}

TEST_CASE("a long TTL is asked again after resolve.max") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"}, std::chrono::hours(24));
  rig.pass(minutes(4));
  CHECK(rig.dns.open() == Texts{});
  rig.pass(minutes(1));
  CHECK(rig.dns.open() == Texts{"chat.test"});
}

TEST_CASE("upstreams that share a name ask once and both hear of the change") {
  DiscoveryRig rig;
  rig.watch({kChat, upstream_of("feed", {"chat.test:81"}), upstream_of("other", {"other.test:80"})});
  CHECK(rig.take_asked() == Texts{"chat.test", "other.test"});
  rig.dns.answer("chat.test", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat", "feed"});
}

TEST_CASE("several answers in one turn are one change of an upstream") {
  DiscoveryRig rig;
  const config::Upstream upstream = upstream_of("chat", {"a.test:80", "b.test:80"});
  rig.watch({upstream});
  rig.dns.answer("a.test", {"10.0.0.1"}, seconds(10));
  rig.dns.answer("b.test", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("an upstream of literal addresses asks nobody and makes no resolver") {
  DiscoveryRig rig;
  rig.prepare(configuration_of({upstream_of("chat", {"10.0.0.1:80"})}));
  rig.watch({upstream_of("chat", {"10.0.0.1:80"})});
  CHECK(rig.prepared == 1);
  CHECK(rig.dns.made.empty());
  CHECK_FALSE(rig.discoverer.next_due());
}

TEST_CASE("names that the configuration no longer has are forgotten and not asked") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  rig.watch({upstream_of("other", {"other.test:80"})});
  rig.dns.answer("other.test", {"10.0.0.9"}, seconds(10));
  rig.take_asked();
  rig.pass(seconds(30));
  CHECK(rig.take_asked() == Texts{"other.test"});
  CHECK(rig.discoverer.known()->find(address_question("chat.test")) == nullptr);
}

TEST_CASE("an answer for a name that nobody wants any more is dropped") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  ask_again(rig);
  rig.watch(std::vector<config::Upstream>{});
  rig.dns.answer("chat.test", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.discoverer.known()->find(address_question("chat.test")) == nullptr);
  CHECK(rig.take_changed() == Texts{});
}

TEST_CASE("other nameservers are asked what the old ones still owed, and answers are kept") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  ask_again(rig);
  config::Configuration other = configuration_of({kChat});
  other.resolver.nameservers = {"10.9.9.9"};
  rig.watch(other);
  REQUIRE(rig.dns.made.size() == 2);
  CHECK(rig.dns.made[1].nameservers == Texts{"10.9.9.9"});
  CHECK(rig.names(kChat) == Texts{"chat.test:80"});
  rig.dns.answer("chat.test", {"10.0.0.2"}, seconds(10));
  rig.turn();
  CHECK(rig.take_changed() == Texts{"chat"});
}

TEST_CASE("the same nameservers keep their resolver") {
  DiscoveryRig rig;
  watch_chat(rig, {"10.0.0.1"});
  rig.watch({kChat});
  ask_again(rig);
  CHECK(rig.dns.made.size() == 1);
}

TEST_CASE("a reload asks the nameservers of a resolv.conf that changed, and keeps the answers") {
  DiscoveryRig rig;
  config::Configuration configuration = configuration_of({kChat});
  SECTION("the system's nameservers") {}
  SECTION("search domains beside nameservers of its own") { configuration.resolver.nameservers = {"10.9.9.9"}; }
  rig.watch(configuration);
  rig.dns.answer("chat.test", {"10.0.0.1"}, seconds(10));
  rig.turn();
  ask_again(rig);
  rig.system = "nameserver 10.0.0.54\n";
  rig.prepare(configuration);
  rig.watch(configuration);
  REQUIRE(rig.dns.made.size() == 2);
  CHECK(rig.dns.open() == Texts{"chat.test"});
  CHECK(rig.names(kChat) == Texts{"chat.test:80"});
}

TEST_CASE("a resolv.conf that changed is asked while preparing, also for names that failed before") {
  DiscoveryRig rig;
  const config::Configuration configuration = configuration_of({kChat});
  rig.watch(configuration);
  rig.dns.fail("chat.test", ErrorCode::timed_out, "no answer");
  rig.turn();
  rig.system = "nameserver 10.0.0.54\n";
  rig.prepare(configuration);
  CHECK(rig.dns.made.size() == 2);
  CHECK(rig.prepared == 0);
  rig.watch(configuration);
  CHECK(rig.dns.made.size() == 2);
}

TEST_CASE("a resolver that cannot be made is a failure of each name, and is tried again") {
  DiscoveryRig rig;
  rig.dns.refuses_resolvers = true;
  rig.prepare(configuration_of({kChat}));
  CHECK(rig.prepared == 1);
  CHECK(rig.names(kChat) == Texts{"chat.test:80 unresolved"});
  CHECK(messages_of(rig.diagnostics) ==
        Texts{"cannot resolve chat.test: no such nameserver; it takes no session until it resolves"});
  rig.dns.refuses_resolvers = false;
  rig.watch({kChat});
  rig.pass(milliseconds(1050));
  CHECK(rig.dns.open() == Texts{"chat.test"});
}

TEST_CASE("who changes what is watched from inside on_change is not disturbed") {
  DiscoveryRig rig;
  int told = 0;
  rig.discoverer.watch(configuration_of({kChat}), [&](const std::string&) {
    ++told;
    rig.watch({upstream_of("other", {"other.test:80"})});
  });
  rig.turn();
  rig.dns.answer("chat.test", {"10.0.0.1"}, seconds(10));
  rig.turn();
  CHECK(told == 1);
  CHECK(rig.dns.open() == Texts{"other.test"});
}

}  // namespace hawser::upstream::testing
