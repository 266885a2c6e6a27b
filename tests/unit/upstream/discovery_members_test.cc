#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

void know(KnownNames& known, const std::string& host, const Texts& texts) {
  known.name(address_question(host)).answer =
      NameAnswer{.addresses = addresses(texts, seconds(1)).addresses, .records = {}, .ttl = seconds(1)};
}

void know_services(KnownNames& known, const std::string& name, std::vector<event::ServiceRecord> records) {
  known.name(service_question(name)).answer =
      NameAnswer{.addresses = {}, .records = std::move(records), .ttl = seconds(1)};
}

Members members_in(const config::Upstream& upstream, const KnownNames& known) {
  config::Diagnostics diagnostics;
  Members members = list_members(upstream, known, diagnostics);
  CHECK(messages_of(diagnostics) == Texts{});
  return members;
}

config::Upstream upstream_with_srv(const std::string& name) {
  config::Upstream upstream = upstream_of("chat", {});
  upstream.discover.srv = name;
  upstream.discover.where = {.file = "f", .line = 7, .column = 3, .path = "upstreams.chat.discover"};
  return upstream;
}

}  // namespace

TEST_CASE("an IP address and a unix socket are members as they are written") {
  const Members members = members_in(upstream_of("chat", {"10.0.0.1:80", "[::1]:80", "unix:/run/chat"}), {});
  CHECK(names_of(members) == Texts{"10.0.0.1:80", "[::1]:80", "unix:/run/chat"});
  CHECK(members[1].address == SocketAddress::parse("[::1]:80").value());
  CHECK(members[1].host == "::1");
  CHECK(members[2].host.empty());
}

TEST_CASE("a host with one address keeps its written name, one with several has a member for each") {
  KnownNames known;
  know(known, "one.test", {"10.0.0.1"});
  know(known, "two.test", {"10.0.0.2", "::2"});
  const Members members = members_in(upstream_of("chat", {"One.test:80", "two.test:81"}), known);
  CHECK(names_of(members) == Texts{"One.test:80", "10.0.0.2:81", "[::2]:81"});
  CHECK(members[0].address == SocketAddress::parse("10.0.0.1:80").value());
  CHECK(members[2].host == "two.test");
}

TEST_CASE("every address of a host has the settings of its server") {
  KnownNames known;
  know(known, "two.test", {"10.0.0.2", "10.0.0.3"});
  config::Upstream upstream = upstream_of("chat", {"two.test:81"});
  upstream.servers[0].weight = 5;
  upstream.servers[0].max_sessions = 9;
  upstream.servers[0].is_backup = true;
  upstream.servers[0].mode = config::ServerMode::drain;
  for (const Member& member : members_in(upstream, known)) {
    CHECK(member.settings.weight == 5);
    CHECK(member.settings.max_sessions == 9);
    CHECK(member.settings.is_backup);
    CHECK(member.settings.mode == config::ServerMode::drain);
  }
}

TEST_CASE("the certificate of a server is for its host without the last dot") {
  KnownNames known;
  know(known, "one.test.", {"10.0.0.1"});
  CHECK(members_in(upstream_of("chat", {"one.test.:80"}), known).at(0).host == "one.test");
}

TEST_CASE("of servers with one address the first counts, written ones before discovered ones") {
  KnownNames known;
  know(known, "all.test", {"10.0.0.1", "10.0.0.2"});
  config::Upstream upstream = upstream_of("chat", {"10.0.0.2:80"});
  upstream.servers[0].weight = 4;
  upstream.discover.dns = "all.test:80";
  const Members members = members_in(upstream, known);
  CHECK(names_of(members) == Texts{"10.0.0.2:80", "10.0.0.1:80"});
  CHECK(members[0].settings.weight == 4);
  CHECK(members[1].settings.weight == 1);
}

TEST_CASE("an address that is written twice counts once, with a warning") {
  config::Diagnostics diagnostics;
  CHECK(list_members(upstream_of("chat", {"10.0.0.2:80", "10.0.0.2:80"}), {}, diagnostics).size() == 1);
  CHECK(messages_of(diagnostics) == Texts{"a server above has the same address; this one is left out"});
  CHECK_FALSE(config::has_errors(diagnostics));
}

TEST_CASE("an address that cannot be understood is an error at its place") {
  config::Upstream upstream = upstream_of("chat", {"10.0.0.2"});
  upstream.servers[0].where.line = 4;
  config::Diagnostics diagnostics;
  CHECK(list_members(upstream, {}, diagnostics).empty());
  REQUIRE(diagnostics.size() == 1);
  CHECK(config::has_errors(diagnostics));
  CHECK(diagnostics[0].where.line == 4);
}

TEST_CASE("a discovered server is called by its address, even when it is alone") {
  KnownNames known;
  know(known, "all.test", {"10.0.0.1"});
  config::Upstream upstream = upstream_of("chat", {});
  upstream.discover.dns = "all.test:80";
  CHECK(names_of(members_in(upstream, known)) == Texts{"10.0.0.1:80"});
}

TEST_CASE("a name without an answer is a member that is not resolved, with a warning that says why") {
  KnownNames known;
  const config::Upstream upstream = upstream_of("chat", {"a.test:80", "b.test:80", "c.test:80", "d.test:80"});
  known.name(address_question("b.test")).failure = Error{.code = ErrorCode::not_found, .message = "gone"};
  known.name(address_question("c.test")).failure = Error{.code = ErrorCode::timed_out, .message = "late"};
  known.name(address_question("d.test")).failure =
      Error{.code = ErrorCode::unavailable, .message = "cannot look up d.test: SERVFAIL"};
  config::Diagnostics diagnostics;
  const Members members = list_members(upstream, known, diagnostics);
  CHECK(names_of(members) ==
        Texts{"a.test:80 unresolved", "b.test:80 unresolved", "c.test:80 unresolved", "d.test:80 unresolved"});
  CHECK(members[0].host == "a.test");
  CHECK(messages_of(diagnostics) ==
        Texts{"cannot resolve a.test: no answer yet; it takes no session until it resolves",
              "cannot resolve b.test: no such name; it takes no session until it resolves",
              "cannot resolve c.test: no nameserver answered; it takes no session until it resolves",
              "cannot look up d.test: SERVFAIL; it takes no session until it resolves"});
  CHECK_FALSE(config::has_errors(diagnostics));
}

TEST_CASE("a name that fails now keeps the addresses it had, without a word") {
  KnownNames known;
  know(known, "one.test", {"10.0.0.1"});
  known.name(address_question("one.test")).failure = Error{.code = ErrorCode::not_found, .message = "gone"};
  CHECK(names_of(members_in(upstream_of("chat", {"one.test:80"}), known)) == Texts{"one.test:80"});
}

TEST_CASE("service records give port, weight and a priority by rank") {
  KnownNames known;
  know_services(known, "_ws._tcp.test",
                {{"a.test", 81, 20, 0}, {"b.test", 82, 10, 200}, {"c.test", 83, 30, 7}, {"d.test", 84, 10, 3}});
  know(known, "a.test.", {"10.0.0.1"});
  know(known, "b.test.", {"10.0.0.2"});
  know(known, "c.test.", {"10.0.0.3", "10.0.0.4"});
  know(known, "d.test.", {"10.0.0.5"});
  const Members members = members_in(upstream_with_srv("_ws._tcp.test"), known);
  CHECK(names_of(members) == Texts{"10.0.0.2:82", "10.0.0.5:84", "10.0.0.1:81", "10.0.0.3:83", "10.0.0.4:83"});
  std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const Member& member : members) seen.emplace_back(member.priority, member.settings.weight);
  CHECK(seen == std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, 200}, {0, 3}, {1, 1}, {2, 1}, {2, 1}});
  CHECK(members[2].host == "a.test");
}

TEST_CASE("a service whose target is the root has no server") {
  KnownNames known;
  know_services(known, "_ws._tcp.test", {{"", 0, 0, 0}});
  CHECK(members_in(upstream_with_srv("_ws._tcp.test"), known).empty());
}

TEST_CASE("a service and a target that are not known are members without an address") {
  KnownNames known;
  const config::Upstream upstream = upstream_with_srv("_ws._tcp.test");
  config::Diagnostics diagnostics;
  CHECK(names_of(list_members(upstream, known, diagnostics)) == Texts{"_ws._tcp.test unresolved"});
  CHECK(diagnostics.at(0).where.line == 7);
  know_services(known, "_ws._tcp.test", {{"a.test", 81, 0, 0}, {"b.test", 81, 0, 0}});
  know(known, "b.test.", {"10.0.0.2"});
  CHECK(names_of(list_members(upstream, known, diagnostics)) == Texts{"a.test:81 unresolved", "10.0.0.2:81"});
}

TEST_CASE("members are the same wherever their settings stand in a file") {
  Member member{.name = "a", .address = {}, .host = "a", .settings = {}};
  Member other = member;
  other.settings.where.line = 5;
  CHECK(member == other);
  other.settings.weight = 5;
  CHECK_FALSE(member == other);
}

}  // namespace hawser::upstream::testing
