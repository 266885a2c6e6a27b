// More than a name or a service may bring.
#include <cstdint>

#include "unit/upstream/discovery_rig.h"
#include "upstream/service_targets.h"

namespace hawser::upstream::testing {

namespace {

using Weights = std::vector<std::uint16_t>;

const config::Upstream kChat = upstream_of("chat", {"chat.test:80"});

// 10.0.0.0 and those after it.
Texts many_addresses(std::size_t count) {
  Texts texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
  }
  return texts;
}

std::vector<event::ServiceRecord> weighing(const Weights& weights, std::uint16_t priority = 0) {
  std::vector<event::ServiceRecord> records;
  for (const std::uint16_t weight : weights) {
    records.push_back({"a.test", static_cast<std::uint16_t>(records.size() + 1), priority, weight});
  }
  return records;
}

Weights reduced(const Weights& weights) {
  Weights found;
  for (const event::ServiceRecord& record : service_targets(weighing(weights))) found.push_back(record.weight);
  return found;
}

std::size_t count_lines(const std::string& text, const std::string& wanted) {
  std::size_t count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("weights of records are as small as their ratio allows") {
  CHECK(reduced({100, 200, 50}) == Weights{2, 4, 1});
  CHECK(reduced({60000, 60000}) == Weights{1, 1});
  CHECK(reduced({999, 1000}) == Weights{999, 1000});
  CHECK(reduced({0, 0}) == Weights{1, 1});
  CHECK(reduced({65535}) == Weights{1});
}

TEST_CASE("weights that stay above 1000 are scaled to it, and none is lost") {
  CHECK(reduced({1, 65535}) == Weights{1, 1000});
  CHECK(reduced({30001, 60000, 15000}) == Weights{500, 1000, 250});
  CHECK(reduced({1001, 1000}) == Weights{1000, 999});
}

TEST_CASE("weights are reduced within their priority") {
  std::vector<event::ServiceRecord> records = weighing({10, 20}, 5);
  for (const event::ServiceRecord& record : weighing({7, 9}, 1)) records.push_back(record);
  const auto targets = service_targets(std::move(records));
  REQUIRE(targets.size() == 4);
  CHECK(targets[0].weight == 7);
  CHECK(targets[1].weight == 9);
  CHECK(targets[2].weight == 1);
  CHECK(targets[3].weight == 2);
}

TEST_CASE("a name brings a thousand servers, and what is left out is logged when that begins and ends") {
  DiscoveryRig rig;
  rig.watch({kChat});
  for (int i = 0; i < 2; ++i) {
    rig.dns.answer("chat.test", many_addresses(1001 + static_cast<std::size_t>(i)), seconds(10));
    rig.turn();
    const Texts names = rig.names(kChat);
    CHECK(names.size() == 1000);
    CHECK(names.back() == "10.0.3.231:80");
    CHECK(messages_of(rig.diagnostics) == Texts{"chat.test has more than 1000 servers; the rest are left out"});
    CHECK_FALSE(config::has_errors(rig.diagnostics));
    rig.pass(seconds(11));
  }
  CHECK(count_lines(rig.log(), "a name has too many servers") == 1);
  CHECK(count_lines(rig.log(), "is left out any more") == 0);
  rig.dns.answer("chat.test", many_addresses(1000), seconds(10));
  rig.turn();
  CHECK(rig.names(kChat).size() == 1000);
  CHECK(messages_of(rig.diagnostics) == Texts{});
  CHECK(count_lines(rig.log(), "is left out any more") == 1);
}

TEST_CASE("a service brings a thousand servers, first those of the best priority, and no more targets are asked") {
  DiscoveryRig rig;
  config::Upstream upstream = upstream_of("chat", {});
  upstream.discover.srv = "_ws._tcp.test";
  rig.watch({upstream});
  SECTION("of records") {
    std::vector<event::ServiceRecord> records;
    for (const std::string& text : many_addresses(1000)) records.push_back({text, 80, 7, 1});
    records.push_back({"a.test", 80, 9, 1});
    records.push_back({"10.9.9.9", 80, 0, 1});
    rig.dns.serve("_ws._tcp.test", std::move(records), seconds(10));
    rig.turn();
    CHECK(rig.dns.open() == Texts{});
  }
  SECTION("of addresses behind them") {
    rig.dns.serve("_ws._tcp.test", {{"10.9.9.9", 80, 0, 1}, {"a.test", 80, 7, 1}}, seconds(10));
    rig.turn();
    rig.dns.answer("a.test.", many_addresses(1000), seconds(10));
    rig.turn();
  }
  const Texts names = rig.names(upstream);
  CHECK(names.size() == 1000);
  CHECK(names.front() == "10.9.9.9:80");
  CHECK(messages_of(rig.diagnostics) == Texts{"_ws._tcp.test has more than 1000 servers; the rest are left out"});
}

}  // namespace hawser::upstream::testing
