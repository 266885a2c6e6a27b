// Source addresses by turns, and how many ports each of them brings.
#include <string>
#include <vector>

#include "support/catch.h"
#include "upstream/source_pool.h"

using namespace hawser;
using namespace hawser::upstream;

namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
SocketAddress socket_address(const char* text) { return SocketAddress::parse(text).value(); }

}  // namespace

TEST_CASE("the source addresses of a server's family take turns") {
  const SourcePool pool({ip("127.0.0.2"), ip("::1"), ip("127.0.0.3")});
  const SocketAddress v4 = socket_address("127.0.0.1:80");
  CHECK(pool.count_for(v4) == 2);
  CHECK(pool.address_for(v4, 0) == ip("127.0.0.2"));
  CHECK(pool.address_for(v4, 1) == ip("127.0.0.3"));
  CHECK(pool.address_for(v4, 2) == ip("127.0.0.2"));
  CHECK(pool.address_for(v4, ~std::uint64_t{0}) == ip("127.0.0.3"));
  const SocketAddress v6 = socket_address("[::1]:80");
  CHECK(pool.count_for(v6) == 1);
  CHECK(pool.address_for(v6, 7) == ip("::1"));
}

TEST_CASE("a server that no source address can reach gets none") {
  const SourcePool pool({ip("127.0.0.2")});
  for (const char* const server : {"[::1]:80", "unix:/run/socket"}) {
    CHECK(pool.count_for(socket_address(server)) == 0);
    CHECK(pool.address_for(socket_address(server), 3) == std::nullopt);
  }
  CHECK(SourcePool({}).address_for(socket_address("127.0.0.1:80"), 0) == std::nullopt);
}

TEST_CASE("pools of the same addresses are equal") {
  CHECK(SourcePool({ip("127.0.0.2"), ip("::1")}) == SourcePool({ip("127.0.0.2"), ip("::1")}));
  CHECK_FALSE(SourcePool({ip("127.0.0.2")}) == SourcePool({ip("127.0.0.3")}));
}

TEST_CASE("the ports of a range count with both ends") {
  CHECK(ephemeral_port_count_of("32768\t60999\n") == 28'232);
  CHECK(ephemeral_port_count_of("1024 65535") == 64'512);
  CHECK(ephemeral_port_count_of("5000 5000") == 1);
}

TEST_CASE("a port range that cannot be read is taken for the usual one") {
  for (const std::string text : {"", "32768", "a b", "60999 32768", "0 1000", "-5 10", "1024 65536",
                                 "99999999999999999999 99999999999999999999"}) {
    INFO(text);
    CHECK(ephemeral_port_count_of(text) == 28'232);
  }
}

TEST_CASE("this system has ports to give") {
  const std::uint32_t count = ephemeral_port_count();
  CHECK(count >= 1);
  CHECK(count <= 65'535);
}
