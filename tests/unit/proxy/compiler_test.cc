#include "proxy/compiler.h"

#include <memory>
#include <string>
#include <string_view>

#include "config/reader.h"
#include "proxy/compile_upstream.h"
#include "proxy/session_record.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "upstream/member_list.h"
#include "upstream/server_lease.h"

using namespace hawser;
using namespace hawser::proxy;
using config::Severity;

namespace {

struct Compiled {
  std::unique_ptr<Snapshot> snapshot;
  config::Diagnostics diagnostics;
};

// A file with one listener and one route; `upstream` is what stands behind "chat:".
std::string file_with(std::string_view upstream, std::string_view match = "") {
  return "listeners: [{ name: public, address: \"127.0.0.1:8080\" }]\n"
         "routes: [{ name: all, upstream: chat, match: {" +
         std::string(match) + "} }]\nupstreams: { chat: " + std::string(upstream) + " }\n";
}

Compiled compile(const std::string& text, StateRegistry& states, const Snapshot* predecessor = nullptr) {
  const auto read = config::read_configuration_text(text, "hawser.yaml");
  for (const auto& diagnostic : read.diagnostics) UNSCOPED_INFO(config::to_string(diagnostic));
  REQUIRE(read.configuration.has_value());
  Compiled compiled;
  const upstream::KnownNames nothing;
  const auto members = [&nothing](const config::Upstream& upstream, config::Diagnostics& diagnostics) {
    return upstream::list_members(upstream, nothing, diagnostics);
  };
  compiled.snapshot = compile_snapshot(*read.configuration, predecessor, members, states, compiled.diagnostics);
  return compiled;
}

Compiled compile(const std::string& text) {
  StateRegistry states;
  return compile(text, states);
}

// The one diagnostic there is, without its place.
config::Diagnostic only(const Compiled& compiled) {
  REQUIRE(compiled.diagnostics.size() == 1);
  return compiled.diagnostics.front();
}

const upstream::Server& server_of(const Compiled& compiled, std::size_t index, std::size_t upstream = 0) {
  return compiled.snapshot->upstreams.at(upstream)->tiers.at(0).group->servers.at(index);
}

const std::string& upstream_of(const Compiled& compiled, std::size_t route) {
  const SessionRecord record;
  const auto& action = compiled.snapshot->routes.at(route)->action;
  REQUIRE(std::holds_alternative<Split>(action));
  return std::get<Split>(action).pick(RecordVariables(record, TimePoint{}), 0);
}

const std::string kTwoServers = "{ servers: [\"127.0.0.1:9001\", \"127.0.0.1:9002\"] }";

}  // namespace

TEST_CASE("a sound configuration compiles without a word") {
  const auto compiled = compile(file_with(kTwoServers));
  REQUIRE(compiled.snapshot);
  CHECK(compiled.diagnostics.empty());
  CHECK(compiled.snapshot->generation == 1);
  REQUIRE(compiled.snapshot->listeners.size() == 1);
  CHECK(compiled.snapshot->listeners[0]->name == "public");
  CHECK(compiled.snapshot->listeners[0]->address.to_string() == "127.0.0.1:8080");
  REQUIRE(compiled.snapshot->routes.size() == 1);
  CHECK(upstream_of(compiled, 0) == "chat");
  REQUIRE(compiled.snapshot->upstreams.size() == 1);
  CHECK(server_of(compiled, 0).name == "127.0.0.1:9001");
  CHECK(server_of(compiled, 1).address.to_string() == "127.0.0.1:9002");
  CHECK(compiled.snapshot->upstreams[0]->tiers.at(0).plan != nullptr);
}

TEST_CASE("a warning of a balancing method that the file does not name has its upstream's place") {
  const auto compiled = compile(file_with("{ servers: [{ address: \"127.0.0.1:9001\", weight: 2 }] }"));
  CHECK(only(compiled).severity == Severity::warning);
  CHECK(only(compiled).where.line == 3);
}

TEST_CASE("an unknown balancing method is an error that names the known ones and its place") {
  const auto compiled = compile(file_with("{ balance: rondo, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(compiled.snapshot);
  const auto diagnostic = only(compiled);
  CHECK(diagnostic.severity == Severity::error);
  CHECK(diagnostic.message.find("'rondo'") != std::string::npos);
  CHECK(diagnostic.message.find("round_robin") != std::string::npos);
  CHECK(diagnostic.where.line == 3);
}

TEST_CASE("a method that hashes needs a key") {
  const auto compiled = compile(file_with("{ balance: consistent_hash, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(compiled.snapshot);
  CHECK(only(compiled).message.find("needs a key") != std::string::npos);
}

TEST_CASE("a method that does not hash takes no key and no balance_factor") {
  const auto keyed =
      compile(file_with("{ balance: { method: round_robin, key: \"$host\" }, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(keyed.snapshot);
  CHECK(only(keyed).message.find("takes no key") != std::string::npos);
  const auto bounded =
      compile(file_with("{ balance: { method: round_robin, balance_factor: 1.5 }, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(bounded.snapshot);
  CHECK(only(bounded).message.find("takes no balance_factor") != std::string::npos);
}

TEST_CASE("a key with an unknown variable is an error that names it") {
  const auto compiled =
      compile(file_with("{ balance: { method: consistent_hash, key: \"$no_such\" }, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(compiled.snapshot);
  CHECK(only(compiled).message.find("no_such") != std::string::npos);
}

TEST_CASE("a key of variables compiles") {
  const auto compiled = compile(
      file_with("{ balance: { method: consistent_hash, key: \"$cookie_session\" }, servers: [\"127.0.0.1:9001\"] }"));
  REQUIRE(compiled.snapshot);
  CHECK_FALSE(compiled.snapshot->upstreams[0]->key.is_empty());
}

TEST_CASE("weights under a method that ignores them are a warning, not an error") {
  const auto compiled = compile(file_with("{ servers: [{ address: \"127.0.0.1:9001\", weight: 2 }] }"));
  CHECK(compiled.snapshot);
  CHECK(only(compiled).severity == Severity::warning);
  const auto weighted =
      compile(file_with("{ balance: weighted_round_robin, servers: [{ address: \"127.0.0.1:9001\", weight: 2 }] }"));
  CHECK(weighted.diagnostics.empty());
  CHECK(server_of(weighted, 0).weight == 2);
}

TEST_CASE("a bad regular expression is an error at its own place") {
  const auto compiled = compile(file_with(kTwoServers, " path_regex: \"a([\" "));
  CHECK_FALSE(compiled.snapshot);
  const auto diagnostic = only(compiled);
  CHECK(diagnostic.message.starts_with("bad regular expression"));
  CHECK(diagnostic.where.path == "routes[0].match.path_regex");
}

TEST_CASE("a bad access-log template is an error") {
  const auto compiled = compile(file_with(kTwoServers) + "access_log: { target: stdout, format: \"$nonsense\" }\n");
  CHECK_FALSE(compiled.snapshot);
  CHECK(only(compiled).message.find("nonsense") != std::string::npos);
}

TEST_CASE("no error hides another") {
  const auto compiled =
      compile(file_with("{ balance: rondo, servers: [\"127.0.0.1:9001\"] }", " path_regex: \"a([\" ") +
              "access_log: { target: stdout, format: \"$nonsense\" }\n");
  CHECK_FALSE(compiled.snapshot);
  CHECK(compiled.diagnostics.size() == 3);
}

TEST_CASE("a host without an answer is a warning, and its server takes no session") {
  const auto compiled = compile(file_with("{ servers: [\"chat.example:80\", \"127.0.0.1:9002\"] }"));
  REQUIRE(compiled.snapshot);
  CHECK(only(compiled).severity == Severity::warning);
  CHECK_FALSE(server_of(compiled, 0).state->is_eligible({}));
  CHECK(server_of(compiled, 1).state->is_eligible({}));
}

TEST_CASE("servers, upstreams and listeners keep their state over a reload") {
  StateRegistry states;
  const auto before = compile(file_with(kTwoServers), states);
  const auto after =
      compile(file_with("{ servers: [\"127.0.0.1:9003\", \"127.0.0.1:9002\"] }"), states, before.snapshot.get());
  REQUIRE(after.snapshot);
  CHECK(after.snapshot->generation == 2);
  CHECK(server_of(after, 1).state == server_of(before, 1).state);
  CHECK(server_of(after, 0).state != server_of(before, 0).state);
  CHECK(after.snapshot->upstreams[0]->tiers[0].group->state == before.snapshot->upstreams[0]->tiers[0].group->state);
  CHECK(after.snapshot->listeners[0]->state == before.snapshot->listeners[0]->state);
}

TEST_CASE("backups stand in a tier of their own behind the others") {
  const auto compiled = compile(file_with(
      "{ servers: [{ address: \"127.0.0.1:9001\", backup: true }, \"127.0.0.1:9002\", \"127.0.0.1:9003\"] }"));
  REQUIRE(compiled.snapshot);
  const auto& tiers = compiled.snapshot->upstreams[0]->tiers;
  REQUIRE(tiers.size() == 2);
  CHECK(tiers[0].group->servers.size() == 2);
  CHECK(tiers[1].group->servers.at(0).name == "127.0.0.1:9001");
}

TEST_CASE("put into use, servers have the limits and modes of the file, and newcomers start slowly") {
  StateRegistry states;
  const auto before = compile(file_with("{ slow_start: 100, servers: [\"127.0.0.1:9001\"] }"), states);
  const auto after = compile(file_with("{ slow_start: 100, servers: [{ address: \"127.0.0.1:9001\", state: drain }, "
                                       "{ address: \"127.0.0.1:9002\", max_sessions: 5 }] }"),
                             states, before.snapshot.get());
  const Upstream& first = *before.snapshot->upstreams[0];
  const Upstream& second = *after.snapshot->upstreams[0];
  put_into_use(first, nullptr);
  CHECK(server_of(after, 0).state->is_eligible({}));
  CHECK_FALSE(server_of(before, 0).state->is_held_back(*first.tiers[0].group->state));
  put_into_use(second, &first);
  CHECK_FALSE(server_of(after, 0).state->is_blocked());  // workers that have the old file know nobody else
  CHECK(server_of(after, 1).state->max_sessions() == 5);
  close_for_use(second);
  CHECK(server_of(after, 0).state->is_blocked(upstream::Block::disabled));
  CHECK_FALSE(server_of(after, 0).state->is_held_back(*second.tiers[0].group->state));
  CHECK(server_of(after, 1).state->is_held_back(*second.tiers[0].group->state));
  put_into_use(first, &second);
  CHECK_FALSE(server_of(after, 0).state->is_blocked());
}

TEST_CASE("A limit rises before the workers have the new file, and falls after") {
  StateRegistry states;
  const auto at_most = [&states](const std::string& limit) {
    return compile(file_with("{ servers: [{ address: \"127.0.0.1:9001\", max_sessions: " + limit + " }] }"), states);
  };
  const auto five = at_most("5");
  const auto three = at_most("3");
  const auto nine = at_most("9");
  const upstream::ServerState& state = *server_of(five, 0).state;
  const auto put = [](const auto& next, const auto& last) {
    put_into_use(*next.snapshot->upstreams[0], last.snapshot->upstreams[0].get());
  };
  put_into_use(*five.snapshot->upstreams[0], nullptr);
  CHECK(state.max_sessions() == 5);
  put(three, five);
  CHECK(state.max_sessions() == 5);
  close_for_use(*three.snapshot->upstreams[0]);
  CHECK(state.max_sessions() == 3);
  put(nine, three);
  CHECK(state.max_sessions() == 9);
}

TEST_CASE("put into use, a breaker or a slow start that was switched off keeps nobody away") {
  StateRegistry states;
  const auto before =
      compile(file_with("{ slow_start: 100, circuit_breaker: 1, servers: [\"127.0.0.1:9001\"] }"), states);
  const auto after = compile(file_with("{ circuit_breaker: off, servers: [\"127.0.0.1:9001\"] }"), states);
  const Upstream& first = *before.snapshot->upstreams[0];
  const auto& group = first.tiers[0].group;
  auto lease = upstream::ServerLease::try_acquire(group, group->servers[0], TimePoint{});
  REQUIRE(lease);
  CHECK(lease->judge(upstream::Outcome::failure, TimePoint{}, 0) == upstream::BreakerEvent::ejected);
  begin_slow_start(*group, group->servers[0]);
  CHECK_FALSE(group->servers[0].state->is_eligible(TimePoint{}));
  CHECK(group->servers[0].state->is_held_back(*group->state));
  put_into_use(*after.snapshot->upstreams[0], &first);
  CHECK(group->servers[0].state->is_eligible(TimePoint{}));
  CHECK_FALSE(group->servers[0].state->is_held_back(*group->state));
}

TEST_CASE("the TLS context of an upstream is shared over a reload that changes nothing of it") {
  StateRegistry states;
  const std::string file = "{ tls: { verify: off }, servers: [\"127.0.0.1:9001\"] }";
  const auto before = compile(file_with(file), states);
  const auto same = compile(file_with(file), states, before.snapshot.get());
  const auto other =
      compile(file_with("{ tls: { verify: on }, servers: [\"127.0.0.1:9001\"] }"), states, before.snapshot.get());
  REQUIRE(before.snapshot->upstreams[0]->tls);
  CHECK(same.snapshot->upstreams[0]->tls == before.snapshot->upstreams[0]->tls);
  CHECK(other.snapshot->upstreams[0]->tls != before.snapshot->upstreams[0]->tls);
}

TEST_CASE("a folder or a device in the place of a certificate file is an error and nothing worse") {
  const std::string key = GENERATE("ca_file: /", "ca_file: /dev/zero", "crl_file: /dev/zero",
                                   "cert_file: /, key_file: /", "cert_file: /dev/zero, key_file: /dev/zero");
  const auto compiled = compile(file_with("{ tls: { " + key + " }, servers: [\"127.0.0.1:9001\"] }"));
  CHECK_FALSE(compiled.snapshot);
  CHECK_THAT(only(compiled).message, Catch::Contains("is not a regular file"));
}

TEST_CASE("what a file says of a route is in the snapshot, and no error of one hides another") {
  const auto file_of = [](const std::string& route) {
    return "listeners: [{ address: \"127.0.0.1:8080\" }]\nroutes: [" + route + "]\n";
  };
  const auto sound = compile(file_of("{ redirect: \"https://$host$uri\", request_rate: 5, deny: [10.0.0.0/8] }"));
  REQUIRE(sound.snapshot);
  const Route& route = *sound.snapshot->routes.at(0);
  CHECK(std::get<RedirectAction>(route.action).status == 301);
  REQUIRE(route.request_rate);
  CHECK(route.request_rate->rate.burst == 5);
  CHECK_FALSE(route.request_rate->key.is_empty());
  CHECK(route.access.deny.size() == 1);
  const auto broken = compile(file_of("{ redirect: \"https://$nonsense\", request_rate: { rate: 5, key: $absurd } }"));
  CHECK_FALSE(broken.snapshot);
  REQUIRE(broken.diagnostics.size() == 2);
  CHECK(broken.diagnostics[0].where.path == "routes[0].redirect");
  CHECK_THAT(broken.diagnostics[1].message, Catch::Contains("absurd"));
}

TEST_CASE("limiters that a reload leaves in the file keep what they count") {
  StateRegistry states;
  const std::string file = file_with(kTwoServers);
  const auto limited = [&](const std::string& rate) {
    return std::string(file).replace(file.find("name: all,"), 10, "name: all, request_rate: " + rate + ",");
  };
  const auto before = compile(limited("5"), states);
  const auto after = compile(limited("{ rate: 9 }"), states, before.snapshot.get());
  REQUIRE(after.snapshot);
  const auto limiter = [](const Compiled& compiled) { return compiled.snapshot->routes.at(0)->request_rate->limiter; };
  CHECK(limiter(after) == limiter(before));
}

TEST_CASE("trusted proxies and error pages of the whole configuration are compiled") {
  const test::TemporaryFolder folder;
  folder.write("5xx.html", "sorry");
  const std::string more =
      "trusted_proxies: [10.0.0.0/8]\nerror_pages: [{ status: 500-599, file: " + folder.file("5xx.html") + " }]\n";
  const auto compiled = compile(file_with(kTwoServers) + more);
  REQUIRE(compiled.snapshot);
  REQUIRE(compiled.snapshot->trusted_proxies.size() == 1);
  CHECK(compiled.snapshot->trusted_proxies[0].contains(*IpAddress::parse("10.1.2.3")));
  REQUIRE(compiled.snapshot->error_pages);
  CHECK(compiled.snapshot->error_pages->find(502)->body == "sorry");
  CHECK(compiled.snapshot->routes.at(0)->error_pages == compiled.snapshot->error_pages);
}

TEST_CASE("an error page that is not there is an error at its own place") {
  const auto compiled = compile(file_with(kTwoServers) + "error_pages: [{ status: 503, file: /nowhere/page.html }]\n");
  CHECK_FALSE(compiled.snapshot);
  CHECK(only(compiled).where.path == "error_pages[0].file");
  CHECK_THAT(only(compiled).message, Catch::Contains("/nowhere/page.html"));
}

TEST_CASE("the same address in two upstreams has two states") {
  const auto compiled = compile(
      "listeners: [{ address: \"127.0.0.1:8080\" }]\n"
      "routes: [{ upstream: one, match: { path: /1 } }, { upstream: two }]\n"
      "upstreams: { one: { servers: [\"127.0.0.1:9001\"] }, two: { servers: [\"127.0.0.1:9001\"] } }\n");
  REQUIRE(compiled.snapshot);
  CHECK(server_of(compiled, 0, 0).state != server_of(compiled, 0, 1).state);
}

TEST_CASE("a server that left the file keeps its state as long as a session holds it") {
  StateRegistry states;
  auto first = compile(file_with(kTwoServers), states);
  const auto held = server_of(first, 0).state;
  held->block(upstream::Block::health);
  first.snapshot.reset();
  (void)compile(file_with("{ servers: [\"127.0.0.1:9002\"] }"), states);
  const auto back = compile(file_with(kTwoServers), states);
  CHECK(server_of(back, 0).state == held);
}

TEST_CASE("a server that left the file and that nobody holds begins anew") {
  StateRegistry states;
  {
    const auto first = compile(file_with(kTwoServers), states);
    server_of(first, 0).state->block(upstream::Block::health);
  }
  states.forget_unused();
  const auto back = compile(file_with(kTwoServers), states);
  CHECK(server_of(back, 0).state->is_eligible({}));
}

TEST_CASE("a refused configuration leaves states that are in use alone") {
  StateRegistry states;
  const auto before = compile(file_with(kTwoServers), states);
  const auto refused =
      compile(file_with("{ balance: rondo, servers: [\"127.0.0.1:9001\"] }"), states, before.snapshot.get());
  CHECK_FALSE(refused.snapshot);
  const auto after = compile(file_with(kTwoServers), states, before.snapshot.get());
  CHECK(server_of(after, 0).state == server_of(before, 0).state);
}
