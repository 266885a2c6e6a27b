// client_network: who counts as one client.
#include "limits/client_network.h"

#include "support/catch.h"

using namespace hawser;
using namespace hawser::limits;

namespace {

std::string network_of(const char* address) { return client_network(IpAddress::parse(address).value()).to_string(); }

}  // namespace

TEST_CASE("an IPv4 address is a client, also in its mapped form") {
  CHECK(network_of("192.0.2.1") == "192.0.2.1");
  CHECK(network_of("::ffff:192.0.2.1") == "192.0.2.1");
}

TEST_CASE("all addresses of a /64 are one client") {
  CHECK(network_of("2001:db8:1:2::") == "2001:db8:1:2::");
  CHECK(network_of("2001:db8:1:2:ffff:ffff:ffff:ffff") == "2001:db8:1:2::");
  CHECK(network_of("2001:db8:1:3::1") == "2001:db8:1:3::");
}
