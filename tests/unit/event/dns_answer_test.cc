#include "event/dns_answer.h"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/event/dns_message.h"

using namespace hawser;
using namespace hawser::event;
using namespace std::chrono_literals;

namespace {

dns::Bytes answer_of(const std::vector<dns::Bytes>& records) {
  return dns::message(7, dns::question("chat.test", dns::Type::a), dns::Code::no_error, records);
}

std::vector<std::string> texts_of(const AddressAnswer& answer) {
  std::vector<std::string> texts;
  for (const IpAddress& address : answer.addresses) texts.push_back(address.to_string());
  return texts;
}

}  // namespace

TEST_CASE("addresses are sorted, each once, and hold as long as the shortest-lived record") {
  const auto one = parse_addresses(
      answer_of({dns::address("10.0.0.2", 30), dns::address("10.0.0.1", 20), dns::address("10.0.0.2", 40)}));
  REQUIRE(one.has_value());
  CHECK(texts_of(*one) == std::vector<std::string>{"10.0.0.1", "10.0.0.2"});
  CHECK(one->ttl == 20s);
  const auto rotated = parse_addresses(answer_of({dns::address("10.0.0.1", 20), dns::address("10.0.0.2", 40)}));
  CHECK(rotated->addresses == one->addresses);
}

TEST_CASE("an alias counts for the time to live and is no address") {
  const auto answer = parse_addresses(answer_of({dns::alias("other.test", 5), dns::address("fe80::1", 300)}));
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{"fe80::1"});
  CHECK(answer->ttl == 5s);
}

TEST_CASE("addresses behind a chain of aliases are found in whatever order the records stand, and without case") {
  const dns::Bytes address = dns::record_of(dns::name("C.test"), dns::Type::a, 300, {10, 0, 0, 1});
  const dns::Bytes second = dns::record_of(dns::name("B.Test"), dns::Type::cname, 7, dns::name("c.test"));
  const auto answer = parse_addresses(answer_of({address, second, dns::alias("b.TEST", 9)}));
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{"10.0.0.1"});
  CHECK(answer->ttl == 7s);
}

TEST_CASE("records of names that nobody asked for are no answer") {
  const dns::Bytes alien = dns::record_of(dns::name("bank.test"), dns::Type::a, 1, {10, 6, 6, 6});
  CHECK(parse_addresses(answer_of({alien})).error().code == ErrorCode::not_found);
  const auto answer = parse_addresses(answer_of({alien, dns::alias("other.test", 60), dns::address("10.0.0.1")}));
  REQUIRE(answer.has_value());
  CHECK(texts_of(*answer) == std::vector<std::string>{"10.0.0.1"});
  CHECK(answer->ttl == 60s);
}

TEST_CASE("aliases that go around in a circle lead nowhere") {
  const dns::Bytes back = dns::record_of(dns::name("b.test"), dns::Type::cname, 1, dns::name("chat.test"));
  CHECK(parse_addresses(answer_of({dns::alias("b.test", 5), back})).error().code == ErrorCode::not_found);
}

TEST_CASE("an alias that leads to no address is not found") {
  const auto answer = parse_addresses(answer_of({dns::alias("other.test", 5)}));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::not_found);
}

TEST_CASE("a time to live with its highest bit set is none") {
  CHECK(parse_addresses(answer_of({dns::address("10.0.0.1", 0x80000001)}))->ttl == 0s);
  CHECK(parse_addresses(answer_of({dns::address("10.0.0.1", 0x7fffffff)}))->ttl == 2147483647s);
}

TEST_CASE("services are sorted, each once, with names in lower case") {
  const auto answer =
      parse_services(answer_of({dns::service({.priority = 1, .weight = 2, .port = 9001, .target = "B.Test"}, 9),
                                dns::service({.priority = 0, .weight = 65535, .port = 65535, .target = "a.test"}, 8),
                                dns::service({.priority = 1, .weight = 2, .port = 9001, .target = "b.test"}, 7)}));
  REQUIRE(answer.has_value());
  CHECK(answer->records ==
        std::vector<ServiceRecord>{{.target = "a.test", .port = 65535, .priority = 0, .weight = 65535},
                                   {.target = "b.test", .port = 9001, .priority = 1, .weight = 2}});
  CHECK(answer->ttl == 7s);
}

TEST_CASE("a service whose target may be compressed is read whole") {
  // The target is "a." and then the name at byte 12.
  const auto answer =
      parse_services(answer_of({dns::record(dns::Type::srv, 60, {0, 1, 0, 2, 0x1f, 0x90, 1, 'a', 0xc0, 12})}));
  REQUIRE(answer.has_value());
  CHECK(answer->records ==
        std::vector<ServiceRecord>{{.target = "a.chat.test", .port = 8080, .priority = 1, .weight = 2}});
}

TEST_CASE("the target of a lone dot says that there is no such service") {
  const dns::Bytes none = dns::service({.priority = 0, .weight = 0, .port = 0, .target = ""});
  const auto answer = parse_services(answer_of({none}));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::not_found);
  CHECK(parse_services(answer_of({none, dns::service({1, 1, 1, "a.test"})}))->records.size() == 1);
}

TEST_CASE("a service at port 0 cannot be reached and is left out") {
  const dns::Bytes none = dns::service({.priority = 0, .weight = 1, .port = 0, .target = "a.test"});
  CHECK(parse_services(answer_of({none})).error().code == ErrorCode::not_found);
  CHECK(parse_services(answer_of({none, dns::service({1, 1, 1, "a.test"})}))->records.size() == 1);
}

TEST_CASE("records of other kinds are left out") {
  const auto message = answer_of({dns::address("10.0.0.1", 3), dns::service({1, 1, 1, "a.test"}, 50)});
  CHECK(parse_services(message)->ttl == 50s);
  CHECK(parse_addresses(message)->ttl == 3s);
}

TEST_CASE("data of a wrong length is malformed") {
  CHECK(parse_addresses(answer_of({dns::record(dns::Type::a, 1, {10, 0, 0})})).error().code == ErrorCode::malformed);
  CHECK(parse_addresses(answer_of({dns::record(dns::Type::aaaa, 1, {10, 0, 0, 1})})).error().code ==
        ErrorCode::malformed);
  CHECK(parse_services(answer_of({dns::record(dns::Type::srv, 1, {0, 1, 0, 2, 0})})).error().code ==
        ErrorCode::malformed);
  const dns::Bytes trailing{0, 1, 0, 2, 0, 80, 1, 'a', 0, 'x'};
  CHECK(parse_services(answer_of({dns::record(dns::Type::srv, 1, trailing)})).error().code == ErrorCode::malformed);
}

TEST_CASE("a target that points at itself is malformed") {
  const std::size_t at = 12 + dns::question("chat.test", dns::Type::a).size() + 12 + 6;
  const dns::Bytes loop{0, 1, 0, 2, 0, 80, 0xc0, static_cast<unsigned char>(at)};
  CHECK(parse_services(answer_of({dns::record(dns::Type::srv, 1, loop)})).error().code == ErrorCode::malformed);
}

TEST_CASE("a message cut off anywhere is malformed") {
  const dns::Bytes whole = answer_of({dns::address("10.0.0.1"), dns::service({1, 1, 1, "a.test"})});
  REQUIRE(parse_addresses(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto cut = std::span(whole).first(size);
    REQUIRE_FALSE(parse_addresses(cut).has_value());
    CHECK(parse_addresses(cut).error().code == ErrorCode::malformed);
    REQUIRE_FALSE(parse_services(cut).has_value());
    CHECK(parse_services(cut).error().code == ErrorCode::malformed);
  }
}
