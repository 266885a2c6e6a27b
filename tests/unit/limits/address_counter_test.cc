// AddressCounter: whose sessions are counted together, and that none is ever lost.
#include "limits/address_counter.h"

#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::limits;

namespace {

IpAddress address_of(const char* text) { return IpAddress::parse(text).value(); }

AddressLease acquire(const std::shared_ptr<AddressCounter>& counter, const char* address) {
  return AddressCounter::acquire(counter, address_of(address));
}

}  // namespace

TEST_CASE("sessions of one address are ranked, those of another apart") {
  const auto counter = std::make_shared<AddressCounter>();
  const auto first = acquire(counter, "192.0.2.1");
  const auto second = acquire(counter, "192.0.2.1");
  const auto other = acquire(counter, "192.0.2.2");
  CHECK(first.rank() == 1);
  CHECK(second.rank() == 2);
  CHECK(other.rank() == 1);
  CHECK(counter->addresses() == 2);
}

TEST_CASE("a lease that ends makes room, and the last one takes the address away") {
  const auto counter = std::make_shared<AddressCounter>();
  std::optional first(acquire(counter, "192.0.2.1"));
  std::optional second(acquire(counter, "192.0.2.1"));
  first.reset();
  CHECK(acquire(counter, "192.0.2.1").rank() == 2);
  CHECK(counter->addresses() == 1);
  second.reset();
  CHECK(counter->addresses() == 0);
}

TEST_CASE("IPv6 addresses count by their /64") {
  const auto counter = std::make_shared<AddressCounter>();
  const auto first = acquire(counter, "2001:db8:1:2::1");
  CHECK(acquire(counter, "2001:db8:1:2:ffff:ffff:ffff:ffff").rank() == 2);
  CHECK(acquire(counter, "2001:db8:1:3::1").rank() == 1);
  CHECK(acquire(counter, "2001:db8:1:2:8000::").rank() == 2);
}

TEST_CASE("an IPv4 address and its mapped form are one, a /64 of the same bytes another") {
  const auto counter = std::make_shared<AddressCounter>();
  const auto lease = acquire(counter, "192.0.2.1");
  CHECK(acquire(counter, "::ffff:192.0.2.1").rank() == 2);
  CHECK(acquire(counter, "c000:201::").rank() == 1);
}

TEST_CASE("a lease of nothing has no rank and gives nothing back") {
  AddressLease nothing;
  CHECK(nothing.rank() == 0);
  nothing = AddressLease();
  CHECK(nothing.rank() == 0);
}

TEST_CASE("a lease that was moved counts once") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<AddressLease>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<AddressLease>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<AddressLease>);
  const auto counter = std::make_shared<AddressCounter>();
  auto lease = acquire(counter, "192.0.2.1");
  {
    const AddressLease moved = std::move(lease);
    CHECK(moved.rank() == 1);
    CHECK(counter->addresses() == 1);
  }
  CHECK(counter->addresses() == 0);
}

TEST_CASE("a lease that takes another's place gives its own back") {
  const auto counter = std::make_shared<AddressCounter>();
  auto lease = acquire(counter, "192.0.2.1");
  lease = acquire(counter, "192.0.2.2");
  CHECK(counter->addresses() == 1);
  CHECK(acquire(counter, "192.0.2.1").rank() == 1);
  CHECK(acquire(counter, "192.0.2.2").rank() == 2);
}

TEST_CASE("a counter lives as long as a lease of it") {
  auto counter = std::make_shared<AddressCounter>();
  const std::weak_ptr<AddressCounter> watched = counter;
  {
    const auto lease = AddressCounter::acquire(std::move(counter), address_of("192.0.2.1"));
    CHECK_FALSE(watched.expired());
  }
  CHECK(watched.expired());
}

TEST_CASE("threads never lose a count") {
  const auto counter = std::make_shared<AddressCounter>();
  std::vector<std::vector<AddressLease>> kept(8);
  {
    std::vector<std::jthread> threads;
    for (auto& leases : kept) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2'000; ++i) {
          leases.push_back(acquire(counter, i % 2 == 0 ? "192.0.2.1" : "2001:db8::1"));
          auto dropped = acquire(counter, "192.0.2.1");
          dropped = acquire(counter, "2001:db8::2");
        }
      });
    }
  }
  CHECK(acquire(counter, "192.0.2.1").rank() == 8'001);
  CHECK(acquire(counter, "2001:db8::2").rank() == 8'001);
  CHECK(counter->addresses() == 2);
  kept.clear();
  CHECK(counter->addresses() == 0);
}
