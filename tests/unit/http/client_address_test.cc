// Who the client is, whatever the request says of it.
#include "http/client_address.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::http;

namespace {

using Fields = std::vector<std::string>;

const std::vector<IpNetwork> kTrusted = {IpNetwork::parse("10.0.0.0/8").value(),
                                         IpNetwork::parse("2001:db8:aaaa::/48").value()};

HeaderList headers_with(const Fields& fields) {
  HeaderList headers;
  for (const auto& value : fields) {
    headers.add("X-Other", "6.6.6.6");
    headers.add("x-forwarded-FOR", value);
  }
  headers.add("X_Forwarded_For", "6.6.6.6");
  headers.add("X-Real-IP", "6.6.6.6");
  headers.add("Forwarded", "for=6.6.6.6");
  return headers;
}

std::string client_of(const Fields& fields, std::string_view peer = "10.0.0.1") {
  return find_client_address(headers_with(fields), IpAddress::parse(peer).value(), kTrusted).to_string();
}

}  // namespace

TEST_CASE("an address is trusted when a network contains it") {
  CHECK(is_in_any(kTrusted, IpAddress::parse("10.255.0.1").value()));
  CHECK(is_in_any(kTrusted, IpAddress::parse("2001:db8:aaaa:1::1").value()));
  CHECK(is_in_any(kTrusted, IpAddress::parse("::ffff:10.0.0.1").value()));
  CHECK_FALSE(is_in_any(kTrusted, IpAddress::parse("11.0.0.1").value()));
  CHECK_FALSE(is_in_any(kTrusted, IpAddress::parse("2001:db8:aaab::1").value()));
  CHECK_FALSE(is_in_any({}, IpAddress::parse("10.0.0.1").value()));
}

TEST_CASE("an untrusted peer is the client, whatever it says") {
  const auto value = GENERATE("1.2.3.4", "10.0.0.9", "", ",,", "1.2.3.4, 10.0.0.9", "localhost", "203.0.113.7");
  CHECK(client_of({value}, "203.0.113.7") == "203.0.113.7");
  CHECK(client_of({value, "9.9.9.9"}, "2001:db8::7") == "2001:db8::7");
}

TEST_CASE("a trusted peer that says nothing is the client") {
  CHECK(client_of({}) == "10.0.0.1");
  CHECK(client_of({""}) == "10.0.0.1");
}

TEST_CASE("the last address that is not trusted is the client") {
  CHECK(client_of({"1.2.3.4"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6, 1.2.3.4"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6, 1.2.3.4, 10.0.0.3, 10.0.0.2"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6\t,\t1.2.3.4 ,10.0.0.2 "}) == "1.2.3.4");
}

TEST_CASE("the first address is the client when all are trusted") {
  CHECK(client_of({"10.0.0.4, 10.0.0.3, 10.0.0.2"}) == "10.0.0.4");
}

TEST_CASE("repeated fields are one list in their order") {
  CHECK(client_of({"6.6.6.6", "1.2.3.4", "10.0.0.2"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6, 1.2.3.4", "10.0.0.3, 10.0.0.2"}) == "1.2.3.4");
  CHECK(client_of({"10.0.0.2", "6.6.6.6, 1.2.3.4"}) == "1.2.3.4");
}

TEST_CASE("addresses come in every form that proxies write") {
  CHECK(client_of({"1.2.3.4:5678"}) == "1.2.3.4");
  CHECK(client_of({"2001:db8::9"}) == "2001:db8::9");
  CHECK(client_of({"[2001:db8::9]"}) == "2001:db8::9");
  CHECK(client_of({"[2001:db8::9]:65535"}) == "2001:db8::9");
  CHECK(client_of({"::ffff:1.2.3.4"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6, [2001:db8:aaaa::1]:1, 10.0.0.2:2"}) == "6.6.6.6");
}

TEST_CASE("a member that is no address ends the walk") {
  const std::string member = GENERATE(
      "unknown", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:a",
      ":80", "[1.2.3.4]", "[1.2.3.4]:80", "[2001:db8::9", "2001:db8::9]", "[2001:db8::9]80",
      "[2001:db8::9]:", "[2001:db8::9]:x", "[]", "[", "[[2001:db8::9]]", "fe80::1%eth0", "\"1.2.3.4\"", "for=1.2.3.4",
      "1.2.3.4 5.6.7.8", "1.2.3.4;5.6.7.8", "\xff\xfe", "2001:db8:0:0:0:0:0:0:9", "1.2.3.4/32", "_hidden");
  INFO(member);
  CHECK(client_of({"6.6.6.6, " + member}) == "10.0.0.1");
  CHECK(client_of({"6.6.6.6, " + member + ", 10.0.0.2"}) == "10.0.0.2");
  CHECK(client_of({"6.6.6.6, " + member + ", 1.2.3.4, 10.0.0.2"}) == "1.2.3.4");
  CHECK(client_of({"6.6.6.6", member, "10.0.0.2"}) == "10.0.0.2");
}

TEST_CASE("an empty member is no address") {
  CHECK(client_of({"6.6.6.6,"}) == "10.0.0.1");
  CHECK(client_of({"6.6.6.6,, 10.0.0.2"}) == "10.0.0.2");
  CHECK(client_of({"6.6.6.6", " ", "10.0.0.2"}) == "10.0.0.2");
  CHECK(client_of({",1.2.3.4"}) == "1.2.3.4");
  CHECK(client_of({",,,"}) == "10.0.0.1");
}

TEST_CASE("a long list is walked as far as it is trusted") {
  std::string proxies;
  for (int i = 0; i < 98; ++i) proxies += ", 10.0.1." + std::to_string(i);
  CHECK(client_of({"6.6.6.6, 1.2.3.4" + proxies}) == "1.2.3.4");
  CHECK(client_of({"10.9.9.9, 10.9.9.8" + proxies}) == "10.9.9.9");
  CHECK(client_of({"6.6.6.6" + proxies + ", 1.2.3.4"}) == "1.2.3.4");
}

TEST_CASE("with nobody trusted the peer is the client") {
  const auto peer = IpAddress::parse("10.0.0.1").value();
  CHECK(find_client_address(headers_with({"1.2.3.4"}), peer, {}) == peer);
}
