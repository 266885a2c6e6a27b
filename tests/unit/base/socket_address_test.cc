#include "base/socket_address.h"

#include "support/catch.h"

using namespace hawser;

TEST_CASE("Socket addresses read back what they print") {
  for (const char* text : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0", "unix:/run/hawser.sock", "unix:a:b"}) {
    INFO(text);
    const auto address = SocketAddress::parse(text);
    REQUIRE(address);
    CHECK(address->to_string() == text);
    CHECK(SocketAddress::parse(address->to_string()) == *address);
  }
}

TEST_CASE("An address is either an endpoint or a path") {
  const auto endpoint = SocketAddress::parse("10.0.0.1:8080");
  REQUIRE(endpoint);
  REQUIRE(endpoint->ip() != nullptr);
  CHECK(endpoint->ip()->port == 8080);
  CHECK(endpoint->unix_path() == nullptr);
  const auto path = SocketAddress::parse("unix:/tmp/s");
  REQUIRE(path);
  REQUIRE(path->unix_path() != nullptr);
  CHECK(path->unix_path()->path == "/tmp/s");
  CHECK(path->ip() == nullptr);
}

TEST_CASE("A host name is left to a resolver, other mistakes are invalid") {
  CHECK(SocketAddress::parse("example.com:80").error().code == ErrorCode::not_found);
  for (const char* text : {"", "80", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
                           "[]:80", "[::1]", "[::1:80", "unix:"}) {
    INFO(text);
    const auto address = SocketAddress::parse(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("A unix path must fit the kernel's structure and hold no NUL byte") {
  CHECK(SocketAddress::parse("unix:" + std::string(107, 'a')));
  CHECK_FALSE(SocketAddress::parse("unix:" + std::string(108, 'a')));
  CHECK_FALSE(SocketAddress::parse(std::string_view("unix:/a\0b", 9)));
}

TEST_CASE("Host and port come apart without brackets") {
  const auto plain = split_host_port("example.com:443");
  REQUIRE(plain);
  CHECK(plain->host == "example.com");
  CHECK(plain->port == 443);
  const auto bracketed = split_host_port("[2001:db8::1]:8443");
  REQUIRE(bracketed);
  CHECK(bracketed->host == "2001:db8::1");
  CHECK(bracketed->port == 8443);
  CHECK_FALSE(split_host_port("example.com"));
}
