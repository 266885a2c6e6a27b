// A Discoverer with a DNS, a clock and files that a test turns by hand.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "upstream/discoverer.h"
#include "upstream/member_list.h"

namespace hawser::upstream::testing {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

inline IpAddress ip(const std::string& text) { return IpAddress::parse(text).value(); }

inline event::AddressAnswer addresses(const Texts& texts, Duration ttl) {
  event::AddressAnswer answer;
  for (const std::string& text : texts) answer.addresses.push_back(ip(text));
  answer.ttl = ttl;
  return answer;
}

// What every resolver of a test asks. Answers are given by name, to whoever asked and was not destroyed since.
class FakeDns {
 public:
  MakeResolver maker() {
    return [this](const event::ResolverOptions& options) -> Result<std::unique_ptr<event::Resolver>> {
      made.push_back(options);
      if (refuses_resolvers) return failure(ErrorCode::invalid_config, "no such nameserver");
      return std::make_unique<FakeResolver>(*this);
    };
  }

  void answer(const std::string& name, Result<event::AddressAnswer> answer) {
    const auto waiting = take(addresses_asked_, name);
    for (const auto& done : waiting) (*done)(answer);
  }
  void answer(const std::string& name, const Texts& texts, Duration ttl) { answer(name, addresses(texts, ttl)); }
  void fail(const std::string& name, ErrorCode code, const std::string& message) {
    answer(name, failure(code, message));
  }
  // To whoever of several asked first only.
  void fail_first(const std::string& name, ErrorCode code, const std::string& message) {
    const auto first = addresses_asked_.find(name);
    REQUIRE(first != addresses_asked_.end());
    const auto done = first->second.second;
    addresses_asked_.erase(first);
    (*done)(failure(code, message));
  }
  void serve(const std::string& name, Result<event::ServiceAnswer> answer) {
    const auto waiting = take(services_asked_, name);
    for (const auto& done : waiting) (*done)(answer);
  }
  void serve(const std::string& name, std::vector<event::ServiceRecord> records, Duration ttl) {
    serve(name, event::ServiceAnswer{std::move(records), ttl});
  }

  // Names under way, each as often as it is asked.
  [[nodiscard]] Texts open() const {
    Texts names;
    for (const auto& entry : addresses_asked_) names.push_back(entry.first);
    for (const auto& entry : services_asked_) names.push_back(entry.first);
    std::sort(names.begin(), names.end());
    return names;
  }

  Texts asked;  // in order, since a test cleared it
  std::vector<event::ResolverOptions> made;
  bool refuses_resolvers = false;

 private:
  template <class Done>
  using Asked = std::multimap<std::string, std::pair<const void*, std::shared_ptr<Done>>>;

  class FakeResolver final : public event::Resolver {
   public:
    explicit FakeResolver(FakeDns& dns) : dns_(dns) {}
    ~FakeResolver() override {
      const auto is_mine = [this](const auto& entry) { return entry.second.first == this; };
      std::erase_if(dns_.addresses_asked_, is_mine);
      std::erase_if(dns_.services_asked_, is_mine);
    }
    void look_up_addresses(const std::string& host, OnAddresses done) override {
      dns_.asked.push_back(host);
      dns_.addresses_asked_.emplace(host, std::pair(this, std::make_shared<OnAddresses>(std::move(done))));
    }
    void look_up_services(const std::string& name, OnServices done) override {
      dns_.asked.push_back(name);
      dns_.services_asked_.emplace(name, std::pair(this, std::make_shared<OnServices>(std::move(done))));
    }

   private:
    FakeDns& dns_;
  };

  template <class Done>
  static std::vector<std::shared_ptr<Done>> take(Asked<Done>& all, const std::string& name) {
    std::vector<std::shared_ptr<Done>> taken;
    const auto [first, last] = all.equal_range(name);
    for (auto i = first; i != last; ++i) taken.push_back(i->second.second);
    all.erase(first, last);
    REQUIRE_FALSE(taken.empty());
    return taken;
  }

  Asked<event::Resolver::OnAddresses> addresses_asked_;
  Asked<event::Resolver::OnServices> services_asked_;
};

// One address a line; a line "broken" is an error.
inline config::ServerListResult read_lines(const std::string& path) {
  config::ServerListResult result;
  std::ifstream file(path);
  if (!file) {
    result.is_missing = true;
    result.diagnostics.push_back({{.file = path, .path = {}}, "cannot read the file"});
    return result;
  }
  std::vector<config::Server> servers;
  for (std::string line; std::getline(file, line);) {
    if (line == "broken") result.diagnostics.push_back({{.file = path, .path = {}}, "not a server"});
    config::Server server;
    server.address = line;
    server.where = {.file = path, .line = static_cast<std::uint32_t>(servers.size() + 1), .path = {}};
    servers.push_back(std::move(server));
  }
  if (result.diagnostics.empty()) result.servers = std::move(servers);
  return result;
}

inline config::Upstream upstream_of(const std::string& name, const Texts& servers) {
  config::Upstream upstream;
  upstream.name = name;
  for (const std::string& address : servers) {
    config::Server server;
    server.address = address;
    upstream.servers.push_back(std::move(server));
  }
  return upstream;
}

inline config::Configuration configuration_of(std::vector<config::Upstream> upstreams) {
  config::Configuration configuration;
  configuration.upstreams = std::move(upstreams);
  return configuration;
}

inline Texts names_of(const Members& members) {
  Texts names;
  for (const Member& member : members) names.push_back(member.name + (member.is_resolved ? "" : " unresolved"));
  return names;
}

inline Texts messages_of(const config::Diagnostics& diagnostics) {
  Texts messages;
  for (const config::Diagnostic& diagnostic : diagnostics) messages.push_back(diagnostic.message);
  return messages;
}

class DiscoveryRig {
 public:
  explicit DiscoveryRig(std::shared_ptr<KnownNames> known = std::make_shared<KnownNames>()) : known_(std::move(known)) {
    clock.advance(minutes(1));
  }

  // Lets it do what it asked for.
  void turn() {
    while (std::exchange(is_woken, false)) discoverer.advance();
  }
  // Moves the clock, stopping wherever something is due.
  void pass(Duration time) {
    const TimePoint end = clock.now() + time;
    turn();
    for (auto due = discoverer.next_due(); due && *due <= end; due = discoverer.next_due()) {
      clock.advance(std::max(milliseconds(0), *due - clock.now()));
      discoverer.advance();
      turn();
    }
    clock.advance(end - clock.now());
  }

  void prepare(const config::Configuration& configuration, Duration at_most = seconds(5)) {
    discoverer.prepare(configuration, at_most, [this] { ++prepared; });
    turn();
  }
  void watch(const config::Configuration& configuration) {
    discoverer.watch(configuration, [this](const std::string& upstream) { changed.push_back(upstream); });
    turn();
  }
  void watch(std::vector<config::Upstream> upstreams) { watch(configuration_of(std::move(upstreams))); }

  [[nodiscard]] Members members_of(const config::Upstream& upstream) {
    diagnostics.clear();
    return discoverer.members_of(upstream, diagnostics);
  }
  [[nodiscard]] Texts names(const config::Upstream& upstream) { return names_of(members_of(upstream)); }
  [[nodiscard]] Texts take_changed() { return std::exchange(changed, {}); }
  Texts take_asked() { return std::exchange(dns.asked, {}); }
  // The error log since the last call, without times; opened before the rig is used.
  [[nodiscard]] std::string log() const {
    logger->flush();
    return folder.read("error.log");
  }

  test::TemporaryFolder folder;
  FakeDns dns;
  ManualClock clock;
  bool is_woken = false;
  std::string system = "nameserver 10.0.0.53\n";  // what resolv.conf says
  int prepared = 0;
  Texts changed;
  config::Diagnostics diagnostics;
  std::unique_ptr<log::Logger> logger = log::Logger::open(folder.file("error.log"), log::Level::info).value();

 private:
  std::shared_ptr<KnownNames> known_;

 public:
  Discoverer discoverer{{.clock = clock,
                         .make_resolver = dns.maker(),
                         .read_servers = read_lines,
                         .read_system = [this] { return system; },
                         .wake = [this] { is_woken = true; },
                         .logger = logger.get(),
                         .rng = Rng(7)},
                        known_};
};

}  // namespace hawser::upstream::testing
