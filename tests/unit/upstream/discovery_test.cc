// Discovery on real loops, against a nameserver and files of the test's own.
#include "upstream/discovery.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "event/inbox.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/nameserver.h"
#include "unit/event/turned_loop.h"

namespace hawser::upstream::testing {

namespace {

namespace dns = event::dns;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

// Stops a loop that waits for something that does not come.
struct Guard final : event::TimerObserver {
  explicit Guard(event::Loop& guarded) : loop(guarded) { loop.arm(timer, seconds(20)); }
  void on_timer(event::Timer&) override { loop.stop(); }
  event::Loop& loop;
  event::Timer timer{*this};
};

config::Server server_at(const std::string& address) {
  config::Server server;
  server.address = address;
  return server;
}

config::Configuration configuration_of(config::Upstream upstream) {
  config::Configuration configuration;
  upstream.name = "chat";
  configuration.upstreams = {std::move(upstream)};
  return configuration;
}

config::Configuration configuration_of(const std::string& address) {
  config::Upstream upstream;
  upstream.servers = {server_at(address)};
  return configuration_of(std::move(upstream));
}

Texts names_in(const Discovery& discovery, const config::Configuration& configuration) {
  config::Diagnostics diagnostics;
  Texts names;
  for (const Member& member : discovery.members_of(configuration.upstreams.at(0), diagnostics)) {
    names.push_back(member.name + (member.is_resolved ? "" : " unresolved"));
  }
  return names;
}

Texts names_in(std::shared_ptr<KnownNames> known, const config::Configuration& configuration) {
  event::TurnedLoop loop;
  return names_in(Discovery(loop.loop(), nullptr, Rng(1), std::move(known)), configuration);
}

// A nameserver on a thread of its own, for calls that block.
class NameserverThread {
 public:
  NameserverThread() = default;
  ~NameserverThread() {
    inbox_->post([this] { loop_->stop(); });
    thread_.join();
  }
  NameserverThread(const NameserverThread&) = delete;
  NameserverThread& operator=(const NameserverThread&) = delete;

  void start() {
    thread_ = std::thread([this] { loop_->run(); });
  }

 private:
  std::unique_ptr<event::Loop> loop_ = event::Loop::create().value();
  std::unique_ptr<event::Inbox> inbox_ = event::Inbox::create(*loop_).value();

 public:
  event::Nameserver nameserver{*loop_};

 private:
  std::thread thread_;
};

}  // namespace

TEST_CASE("literal addresses are known at once, before any loop runs") {
  const config::Configuration configuration = configuration_of("127.0.0.1:9001");
  CHECK(names_in(discover_now(configuration, seconds(5)).value(), configuration) == Texts{"127.0.0.1:9001"});
  event::TurnedLoop loop;
  Discovery discovery(loop.loop(), nullptr, Rng(1), nullptr);
  bool is_done = false;
  discovery.prepare(configuration, seconds(5), [&] { is_done = true; });
  CHECK(is_done);
}

TEST_CASE("names are known when discover_now() returns") {
  NameserverThread dns_server;
  config::Upstream upstream;
  upstream.servers = {server_at("one.test:80")};
  upstream.discover.srv = "_ws._tcp.test";
  config::Configuration configuration = configuration_of(std::move(upstream));
  configuration.resolver.nameservers = {dns_server.nameserver.address()};
  dns_server.nameserver.answer("one.test", dns::Type::a, {.records = {dns::address("10.0.0.1")}});
  dns_server.nameserver.answer("_ws._tcp.test", dns::Type::srv, {.records = {dns::service({0, 3, 81, "two.test"})}});
  dns_server.nameserver.answer("two.test", dns::Type::aaaa, {.records = {dns::address("::2")}});
  dns_server.start();
  const auto known = discover_now(configuration, seconds(20));
  CHECK(names_in(known.value(), configuration) == Texts{"one.test:80", "[::2]:81"});
}

TEST_CASE("discover_now() gives a silent nameserver up after at_most") {
  event::TurnedLoop never_turned;
  const event::Nameserver nameserver(never_turned.loop());
  config::Configuration configuration = configuration_of("one.test:80");
  configuration.resolver.nameservers = {nameserver.address()};
  configuration.resolver.timeout = seconds(60);
  const auto known = discover_now(configuration, milliseconds(150));
  CHECK(names_in(known.value(), configuration) == Texts{"one.test:80 unresolved"});
}

TEST_CASE("a watched name changes its servers when its TTL is over") {
  event::TurnedLoop turned;
  event::Loop& loop = turned.loop();
  event::Nameserver nameserver(loop);
  config::Configuration configuration = configuration_of("one.test:80");
  configuration.resolver.nameservers = {nameserver.address()};
  configuration.upstreams[0].resolve = {milliseconds(100), milliseconds(100)};
  nameserver.answer("one.test", dns::Type::a, {.records = {dns::address("10.0.0.1", 1)}});
  Discovery discovery(loop, nullptr, Rng(1), nullptr);
  discovery.prepare(configuration, seconds(20), [&] { loop.stop(); });
  const Guard guard(loop);
  loop.run();
  REQUIRE(names_in(discovery, configuration) == Texts{"one.test:80"});
  nameserver.answer("one.test", dns::Type::a, {.records = {dns::address("10.0.0.1", 1), dns::address("10.0.0.2", 1)}});
  Texts changed;
  discovery.watch(configuration, [&](const std::string& upstream) {
    changed.push_back(upstream);
    loop.stop();
  });
  loop.run();
  CHECK(changed == Texts{"chat"});
  CHECK(names_in(discovery, configuration) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
}

TEST_CASE("a watched file of servers changes them") {
  const test::TemporaryFolder folder;
  folder.write("servers.yaml", "[\"10.0.0.1:80\"]\n");
  config::Upstream upstream;
  upstream.discover.file = folder.file("servers.yaml");
  const config::Configuration configuration = configuration_of(std::move(upstream));
  event::TurnedLoop turned;
  Discovery discovery(turned.loop(), nullptr, Rng(1), discover_now(configuration, seconds(5)).value());
  REQUIRE(names_in(discovery, configuration) == Texts{"10.0.0.1:80"});
  discovery.watch(configuration, [&](const std::string&) { turned.loop().stop(); });
  folder.write("servers.yaml", "[\"10.0.0.1:80\", \"10.0.0.2:80\"]\n");
  const Guard guard(turned.loop());
  turned.loop().run();
  CHECK(names_in(discovery, configuration) == Texts{"10.0.0.1:80", "10.0.0.2:80"});
}

TEST_CASE("a discovery may end while it asks") {
  event::TurnedLoop turned;
  event::Nameserver nameserver(turned.loop());
  config::Configuration configuration = configuration_of("one.test:80");
  configuration.resolver.nameservers = {nameserver.address()};
  bool is_done = false;
  {
    Discovery discovery(turned.loop(), nullptr, Rng(1), nullptr);
    discovery.prepare(configuration, seconds(20), [&] { is_done = true; });
  }
  turned.turn();
  CHECK_FALSE(is_done);
}

}  // namespace hawser::upstream::testing
