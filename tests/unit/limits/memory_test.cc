// What a million clients cost: this program's operators new and delete count the blocks that are in use.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "limits/address_counter.h"
#include "limits/rate_limiter.h"
#include "support/catch.h"

namespace {
std::atomic<long> blocks_taken = 0;
std::atomic<long> blocks_in_use = 0;

void* take(std::size_t size) noexcept {
  ++blocks_taken;
  ++blocks_in_use;
  return std::malloc(size == 0 ? 1 : size);
}

// Kept out of line: g++ takes the free of one for a mismatch where it inlines the delete and not the new.
[[gnu::noinline]] void give_back(void* memory) noexcept {
  if (memory != nullptr) --blocks_in_use;
  std::free(memory);
}
}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = take(size)) return memory;
  throw std::bad_alloc();
}
// The sanitizers bring one of their own, whose memory the delete below could not free.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { give_back(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }

namespace hawser::limits {

TEST_CASE("a limiter takes no memory for a million keys") {
  const long before_limiter = blocks_taken;
  RateLimiter limiter(7);
  REQUIRE(blocks_taken > before_limiter);
  std::string key(40, 'k');
  int refused = 0;
  const long before = blocks_taken;
  for (int i = 0; i < 1'000'000; ++i) {
    for (int digit = 0, rest = i; digit < 6; ++digit, rest /= 10) key[std::size_t(digit)] = char('0' + rest % 10);
    refused += limiter.try_take(key, {.per_second = 100, .burst = 1}, TimePoint{}) ? 0 : 1;
  }
  const long after = blocks_taken;
  CHECK(after == before);
  CHECK(refused == 0);
}

TEST_CASE("a million addresses that have gone leave nothing") {
  const auto counter = std::make_shared<AddressCounter>();
  std::vector<AddressLease> leases;
  leases.reserve(1'000'000);
  const long before = blocks_in_use;
  for (unsigned i = 0; i < 1'000'000; ++i) {
    const auto byte = [i](unsigned index) { return static_cast<std::uint8_t>(i >> (8 * index)); };
    const bool is_v6 = i % 2 == 0;
    leases.push_back(AddressCounter::acquire(
        counter, is_v6 ? IpAddress::from_v6({0x20, 1, 0xd, 0xb8, 0, byte(2), byte(1), byte(0), 1})
                       : IpAddress::from_v4({10, byte(2), byte(1), byte(0)})));
  }
  const long during = blocks_in_use;
  CHECK(counter->addresses() == 1'000'000);
  CHECK(during >= before + 1'000'000);
  leases.clear();
  const long after = blocks_in_use;
  CHECK(after == before);
  CHECK(counter->addresses() == 0);
}

}  // namespace hawser::limits
