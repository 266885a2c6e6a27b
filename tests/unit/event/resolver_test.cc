// Resolver against a nameserver of the test's own; nothing leaves the machine.
#include "event/resolver.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "event/ares_resolver.h"
#include "event/loop.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/nameserver.h"

using namespace hawser;
using namespace hawser::event;
using namespace std::chrono_literals;

namespace {

using dns::Code;
using dns::Type;
using Way = Reply::Way;

// Stops a loop that waits for something that does not come.
struct Guard final : TimerObserver {
  explicit Guard(Loop& guarded) : loop(guarded) { loop.arm(timer, 20s); }
  void on_timer(Timer&) override {
    has_expired = true;
    loop.stop();
  }
  Loop& loop;
  Timer timer{*this};
  bool has_expired = false;
};

struct Rig {
  explicit Rig(Duration timeout = 10s, std::uint32_t tries = 1) : Rig(SearchDomains(), timeout, tries) {}
  explicit Rig(SearchDomains search, Duration timeout = 10s, std::uint32_t tries = 1) {
    auto made = std::make_unique<AresResolver>(*loop, std::move(search));
    REQUIRE(made->open(*loop, {.nameservers = {nameserver.address()}, .timeout = timeout, .tries = tries}).has_value());
    resolver = std::move(made);
  }

  Result<AddressAnswer> addresses_of(const std::string& host) {
    std::optional<Result<AddressAnswer>> answered;
    resolver->look_up_addresses(host, [&](Result<AddressAnswer> answer) {
      answered = std::move(answer);
      loop->stop();
    });
    CHECK_FALSE(answered.has_value());
    run();
    return answered.value();
  }

  Result<ServiceAnswer> services_of(const std::string& name) {
    std::optional<Result<ServiceAnswer>> answered;
    resolver->look_up_services(name, [&](Result<ServiceAnswer> answer) {
      answered = std::move(answer);
      loop->stop();
    });
    CHECK_FALSE(answered.has_value());
    run();
    return answered.value();
  }

  void run() {
    const Guard guard(*loop);
    loop->run();
    REQUIRE_FALSE(guard.has_expired);
  }

  std::unique_ptr<Loop> loop = Loop::create().value();
  Nameserver nameserver{*loop};
  std::unique_ptr<Resolver> resolver;
};

std::vector<std::string> texts_of(const AddressAnswer& answer) {
  std::vector<std::string> texts;
  for (const IpAddress& address : answer.addresses) texts.push_back(address.to_string());
  return texts;
}

SearchDomains searching(std::vector<std::string> domains, std::size_t dots) {
  SearchDomains search;
  search.domains = std::move(domains);
  search.dots = dots;
  return search;
}

}  // namespace

TEST_CASE("a host has its IPv4 and IPv6 addresses, sorted, with the least time to live") {
  Rig rig;
  rig.nameserver.answer("chat.test", Type::a,
                        {.records = {dns::address("10.0.0.2", 30), dns::address("10.0.0.1", 30)}});
  rig.nameserver.answer("chat.test", Type::aaaa, {.records = {dns::address("fd00::1", 20)}});
  const auto answer = rig.addresses_of("chat.test");
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{"10.0.0.1", "10.0.0.2", "fd00::1"});
  CHECK(answer->ttl == 20s);
}

TEST_CASE("a host with addresses of one kind has those") {
  Rig rig;
  const auto [type, address] = GENERATE(table<Type, std::string>({{Type::a, "10.0.0.1"}, {Type::aaaa, "fd00::1"}}));
  rig.nameserver.answer("chat.test", type, {.records = {dns::address(address, 7)}});
  const auto answer = rig.addresses_of("chat.test");
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{address});
  CHECK(answer->ttl == 7s);
  CHECK(answer->missing == Missing::nothing);
}

TEST_CASE("one kind of address is an answer though the nameserver fails on the other, which is told") {
  Rig rig(20ms);
  const auto [type, address, other, missing] = GENERATE(table<Type, std::string, Type, Missing>(
      {{Type::a, "10.0.0.1", Type::aaaa, Missing::v6}, {Type::aaaa, "fd00::1", Type::a, Missing::v4}}));
  rig.nameserver.answer("chat.test", type, {.records = {dns::address(address)}});
  SECTION("by an error") { rig.nameserver.answer("chat.test", other, {.code = Code::server_failure}); }
  SECTION("by silence") { rig.nameserver.answer("chat.test", other, {.way = Way::silent}); }
  SECTION("by a broken message") {
    rig.nameserver.answer("chat.test", other, {.records = {dns::address("10.0.0.9")}, .way = Way::cut_short});
  }
  const auto answer = rig.addresses_of("chat.test");
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{address});
  CHECK(answer->missing == missing);
}

TEST_CASE("a name is gone only when the nameserver says so for both kinds") {
  Rig rig;
  CHECK(rig.addresses_of("missing.test").error().code == ErrorCode::not_found);
  const auto failing = GENERATE(Type::a, Type::aaaa);
  rig.nameserver.answer("chat.test", failing, {.code = Code::server_failure});
  CHECK(rig.addresses_of("chat.test").error().code == ErrorCode::unavailable);
}

TEST_CASE("a name without addresses is not found") {
  Rig rig;
  rig.nameserver.answer("chat.test", Type::srv, {.records = {dns::service({1, 1, 1, "a.test"})}});
  CHECK(rig.addresses_of("chat.test").error().code == ErrorCode::not_found);
}

TEST_CASE("a nameserver that fails or refuses is unavailable") {
  Rig rig;
  const Code code = GENERATE(Code::server_failure, Code::refused);
  for (const Type type : {Type::a, Type::aaaa, Type::srv}) rig.nameserver.answer("chat.test", type, {.code = code});
  CHECK(rig.addresses_of("chat.test").error().code == ErrorCode::unavailable);
  CHECK(rig.services_of("chat.test").error().code == ErrorCode::unavailable);
}

TEST_CASE("a silent nameserver times out, after as many tries as were asked for") {
  Rig rig(20ms, 2);
  rig.nameserver.answer("chat.test", Type::srv, {.way = Way::silent});
  const TimePoint before = rig.loop->now();
  const auto answer = rig.services_of("chat.test");
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::timed_out);
  CHECK(rig.loop->now() - before >= 40ms);
  CHECK(rig.nameserver.asked.size() == 2);
}

TEST_CASE("an answer that breaks the format is malformed") {
  Rig rig;
  const std::vector<dns::Bytes> records{dns::address("10.0.0.1")};
  for (const Type type : {Type::a, Type::aaaa}) {
    rig.nameserver.answer("chat.test", type, {.records = records, .way = Way::cut_short});
  }
  rig.nameserver.answer("_ws._tcp.test", Type::srv,
                        {.records = {dns::service({1, 1, 1, "a.test"})}, .way = Way::cut_short});
  CHECK(rig.addresses_of("chat.test").error().code == ErrorCode::malformed);
  CHECK(rig.services_of("_ws._tcp.test").error().code == ErrorCode::malformed);
}

TEST_CASE("services are found with their weights, priorities and ports") {
  Rig rig;
  rig.nameserver.answer(
      "_ws._tcp.test", Type::srv,
      {.records = {dns::service({10, 60, 9001, "b.test"}, 5), dns::service({20, 5, 9002, "a.test"}, 3)}});
  const auto answer = rig.services_of("_ws._tcp.test.");
  REQUIRE(answer.has_value());
  CHECK(answer->records ==
        std::vector<ServiceRecord>{{.target = "a.test", .port = 9002, .priority = 20, .weight = 5},
                                   {.target = "b.test", .port = 9001, .priority = 10, .weight = 60}});
  CHECK(answer->ttl == 3s);
  CHECK(rig.services_of("_none._tcp.test").error().code == ErrorCode::not_found);
}

TEST_CASE("an answer too long for a datagram is fetched over TCP") {
  Rig rig;
  std::vector<dns::Bytes> records;
  for (int i = 0; i < 200; ++i) records.push_back(dns::address("10.0.1." + std::to_string(i)));
  rig.nameserver.answer("chat.test", Type::a, {.records = records, .way = Way::over_tcp_only});
  const auto answer = rig.addresses_of("chat.test");
  REQUIRE(answer.has_value());
  CHECK(answer->addresses.size() == 200);
}

TEST_CASE("a change is seen by the next question") {
  Rig rig;
  rig.nameserver.answer("chat.test", Type::a, {.records = {dns::address("10.0.0.1", 3600)}});
  CHECK(texts_of(rig.addresses_of("chat.test").value()) == std::vector<std::string>{"10.0.0.1"});
  rig.nameserver.answer("chat.test", Type::a, {.records = {dns::address("10.0.0.2", 3600)}});
  CHECK(texts_of(rig.addresses_of("chat.test").value()) == std::vector<std::string>{"10.0.0.2"});
}

TEST_CASE("localhost and addresses are known without a nameserver") {
  Rig rig;
  const auto [host, expected] = GENERATE(table<std::string, std::string>(
      {{"localhost", "127.0.0.1"}, {"localhost.", "127.0.0.1"}, {"10.1.2.3", "10.1.2.3"}, {"fd00::7", "fd00::7"}}));
  const auto answer = rig.addresses_of(host);
  REQUIRE(answer.has_value());
  const auto texts = texts_of(*answer);
  CHECK(std::count(texts.begin(), texts.end(), expected) == 1);
  CHECK(answer->ttl == 0s);
  CHECK(rig.nameserver.asked.empty());
}

TEST_CASE("a short name is looked for in the search domains first, a long one as it is") {
  Rig rig(searching({"one.test", "two.test"}, 2));
  rig.nameserver.answer("chat.two.test", Type::a, {.records = {dns::address("10.0.0.1")}});
  rig.nameserver.answer("a.b.c", Type::a, {.records = {dns::address("10.0.0.2")}});
  CHECK(texts_of(rig.addresses_of("chat").value()) == std::vector<std::string>{"10.0.0.1"});
  CHECK(rig.nameserver.asked.size() == 4);
  CHECK(rig.nameserver.asked.front().first == "chat.one.test");
  CHECK(texts_of(rig.addresses_of("a.b.c").value()) == std::vector<std::string>{"10.0.0.2"});
  CHECK(rig.nameserver.asked.size() == 6);
}

TEST_CASE("a short name is looked for as it is in the end, and one that ends in a dot only so") {
  Rig rig(searching({"one.test"}, 2));
  rig.nameserver.answer("chat", Type::a, {.records = {dns::address("10.0.0.1")}});
  CHECK(rig.addresses_of("chat").has_value());
  CHECK(rig.nameserver.asked.size() == 4);
  CHECK(rig.addresses_of("chat.").has_value());
  CHECK(rig.nameserver.asked.size() == 6);
  CHECK(rig.addresses_of("other").error().code == ErrorCode::not_found);
}

TEST_CASE("a search ends where the nameserver fails, and never goes on to another name") {
  Rig rig(searching({"one.test", "two.test"}, 2));
  rig.nameserver.answer("chat.one.test", Type::a, {.code = Code::server_failure});
  rig.nameserver.answer("chat.two.test", Type::a, {.records = {dns::address("10.0.0.1")}});
  CHECK(rig.addresses_of("chat").error().code == ErrorCode::unavailable);
}

TEST_CASE("services are not searched for") {
  Rig rig(searching({"one.test"}, 5));
  rig.nameserver.answer("_ws._tcp.chat.one.test", Type::srv, {.records = {dns::service({1, 1, 1, "a.test"})}});
  CHECK(rig.services_of("_ws._tcp.chat").error().code == ErrorCode::not_found);
}

TEST_CASE("a name that cannot be is not found") {
  Rig rig;
  const std::string name = GENERATE(std::string(64, 'a') + ".test", std::string("a..test"), std::string(300, 'a'));
  CHECK(rig.addresses_of(name).error().code == ErrorCode::not_found);
  CHECK(rig.services_of(name).error().code == ErrorCode::not_found);
}

TEST_CASE("many questions are under way at once") {
  Rig rig;
  constexpr int kCount = 60;  // as many as a socket holds before anybody reads
  int answered = 0;
  for (int i = 0; i < kCount; ++i) {
    const std::string host = "host" + std::to_string(i) + ".test";
    const std::string address = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    rig.nameserver.answer(host, Type::a, {.records = {dns::address(address)}});
    rig.resolver->look_up_addresses(host, [&rig, &answered, address](const Result<AddressAnswer>& answer) {
      CHECK(texts_of(answer.value()) == std::vector<std::string>{address});
      if (++answered == kCount) rig.loop->stop();
    });
  }
  rig.run();
  CHECK(answered == kCount);
}

TEST_CASE("a callback may ask the next question") {
  Rig rig;
  rig.nameserver.answer("_ws._tcp.test", Type::srv, {.records = {dns::service({1, 1, 1, "a.test"})}});
  rig.nameserver.answer("a.test", Type::a, {.records = {dns::address("10.0.0.1")}});
  std::vector<std::string> found;
  rig.resolver->look_up_services("_ws._tcp.test", [&](const Result<ServiceAnswer>& services) {
    rig.resolver->look_up_addresses(services->records.front().target, [&](const Result<AddressAnswer>& answer) {
      found = texts_of(answer.value());
      rig.resolver->look_up_addresses("localhost", [&](const Result<AddressAnswer>&) { rig.loop->stop(); });
    });
  });
  rig.run();
  CHECK(found == std::vector<std::string>{"10.0.0.1"});
}

TEST_CASE("a resolver may be destroyed from inside a callback, and nobody else is told") {
  Rig rig;
  int told = 0;
  const auto destroy = [&](const auto&) {
    ++told;
    rig.resolver.reset();
    rig.loop->stop();
  };
  rig.nameserver.answer("a.test", Type::a, {.records = {dns::address("10.0.0.1")}});
  rig.resolver->look_up_addresses("localhost", destroy);
  rig.resolver->look_up_addresses("127.0.0.1", destroy);
  rig.resolver->look_up_addresses("a.test", destroy);
  rig.resolver->look_up_services("a.test", destroy);
  rig.run();
  CHECK(told == 1);
}

TEST_CASE("a resolver destroyed with questions under way tells nobody and leaves no descriptor open") {
  Rig rig(10ms);
  const Fd before(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rig.nameserver.answer("silent.test", Type::a, {.way = Way::silent});
  for (int i = 0; i < 10; ++i) {
    rig.resolver->look_up_addresses("silent.test", [](const Result<AddressAnswer>&) { FAIL("told"); });
    rig.resolver->look_up_services("other.test", [](const Result<ServiceAnswer>&) { FAIL("told"); });
  }
  rig.resolver.reset();
  const Fd after(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(after.get() == before.get() + 1);
  struct Stopper final : DelayObserver {
    explicit Stopper(Loop& stopped) : loop(stopped) {}
    void on_delay(Delay&) override { loop.stop(); }
    Loop& loop;
  } stopper(*rig.loop);
  Delay delay(stopper);
  rig.loop->arm(delay, 30ms);
  rig.run();
}

TEST_CASE("every thread may have a resolver of its own, made at the same time") {
  std::atomic<int> found = 0;
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < 4; ++i) loops.push_back(Loop::create().value());
  {
    std::vector<std::jthread> threads;
    for (const auto& loop : loops) {
      threads.emplace_back([&found, &loop] {
        const auto resolver = Resolver::create(*loop, {.nameservers = {"127.0.0.1"}}).value();
        resolver->look_up_addresses("localhost", [&](const Result<AddressAnswer>& answer) {
          if (answer) ++found;
          loop->stop();
        });
        loop->run();
      });
    }
  }
  CHECK(found == 4);
}

TEST_CASE("nameservers are given with or without a port") {
  const auto loop = Loop::create().value();
  const std::string good = GENERATE("10.0.0.2", "10.0.0.2:5353", "::1", "[::1]:53");
  CHECK(Resolver::create(*loop, {.nameservers = {good}}).has_value());
  CHECK(Resolver::create(*loop, {.nameservers = {good, "127.0.0.1"}}).has_value());
}

TEST_CASE("a nameserver that cannot be understood is refused") {
  const auto loop = Loop::create().value();
  const std::string bad = GENERATE("", "dns.test", "10.0.0.2:", "10.0.0.2:0", "10.0.0.2:70000", "10.0.0", "unix:/x");
  const auto created = Resolver::create(*loop, {.nameservers = {"127.0.0.1", bad}});
  REQUIRE_FALSE(created.has_value());
  CHECK(created.error().code == ErrorCode::invalid_config);
}

TEST_CASE("what the system says is the text of its file as it is now, and nothing without one") {
  const hawser::test::TemporaryFolder folder;
  const std::string path = folder.file("resolv.conf");
  CHECK(Resolver::read_system(path).empty());
  folder.write("resolv.conf", "nameserver 10.0.0.53\n");
  CHECK(Resolver::read_system(path) == "nameserver 10.0.0.53\n");
  folder.write("resolv.conf", "nameserver 10.0.0.54\nsearch test\n");
  CHECK(Resolver::read_system(path) == "nameserver 10.0.0.54\nsearch test\n");
}
