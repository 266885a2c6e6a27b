#include "base/ip_address.h"

#include "support/catch.h"

using namespace hawser;

TEST_CASE("Addresses read and print in their shortest form") {
  const std::pair<const char*, const char*> texts[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"::ffff:10.1.2.3", "10.1.2.3"},
      {"1111:2222:3333:4444:5555:6666:7777:8888", "1111:2222:3333:4444:5555:6666:7777:8888"},
  };
  for (const auto& [given, printed] : texts) {
    INFO(given);
    const auto address = IpAddress::parse(given);
    REQUIRE(address);
    CHECK(address->to_string() == printed);
  }
}

TEST_CASE("What is not an address is refused") {
  for (const char* text :
       {"", "localhost", "127.0.0", "127.0.0.1.", "127.0.0.256", "127.0.0.01", " 127.0.0.1", "[::1]", "::1%lo",
        ":::", "1::2::3", "12345::", "127.0.0.1:80", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
}

TEST_CASE("A NUL byte does not end an address early") {
  using std::string_view_literals::operator""sv;
  CHECK_FALSE(IpAddress::parse("127.0.0.1\0"sv));
  CHECK_FALSE(IpAddress::parse("127.0.0.1\0.evil"sv));
  CHECK_FALSE(IpAddress::parse("::1\0"sv));
}

TEST_CASE("A mapped address equals its IPv4 form") {
  CHECK(IpAddress::parse("::ffff:10.0.0.1") == IpAddress::parse("10.0.0.1"));
  CHECK_FALSE(IpAddress::parse("::ffff:10.0.0.1")->is_v6());
  CHECK(IpAddress::from_v4({10, 0, 0, 1}) == IpAddress::parse("10.0.0.1"));
  CHECK(IpAddress::parse("::10.0.0.1")->is_v6());
}

TEST_CASE("Loopback is 127.0.0.0/8 and ::1") {
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("1::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::")->is_loopback());
  CHECK_FALSE(IpAddress().is_loopback());
}

TEST_CASE("A network contains what shares its prefix, in its own family") {
  const auto contains = [](const char* network, const char* address) {
    return IpNetwork::parse(network)->contains(*IpAddress::parse(address));
  };
  CHECK(contains("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("192.168.1.128/25", "192.168.1.129"));
  CHECK_FALSE(contains("192.168.1.128/25", "192.168.1.127"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
  CHECK_FALSE(contains("::/0", "10.0.0.1"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("10.0.0.1", "10.0.0.1"));
  CHECK_FALSE(contains("10.0.0.1", "10.0.0.2"));
  CHECK(contains("::ffff:10.0.0.1", "10.0.0.1"));
}

TEST_CASE("A network that says something else than it means is refused") {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "ten/8",
                           "10.0.0.1/8", "2001:db8::1/64", "10.0.0.0/ 8"}) {
    INFO(text);
    const auto network = IpNetwork::parse(text);
    REQUIRE_FALSE(network);
    CHECK(network.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("A prefix behind a mapped address is refused: it could count from either start") {
  CHECK_FALSE(IpNetwork::parse("::ffff:10.0.0.0/8"));
  CHECK_FALSE(IpNetwork::parse("::ffff:10.0.0.0/104"));
}
