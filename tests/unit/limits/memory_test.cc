// What a million clients cost: this program's operators new and delete count the memory in use.
#include <malloc.h>

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
std::atomic<long> blocks_in_use = 0;
std::atomic<std::size_t> bytes_in_use = 0;

void* take(std::size_t size) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  ++blocks_in_use;
  bytes_in_use += malloc_usable_size(memory);
  return memory;
}

// Kept out of line: g++ takes the free of one for a mismatch where it inlines the delete and not the new.
[[gnu::noinline]] void give_back(void* memory) noexcept {
  if (memory != nullptr) --blocks_in_use;
  bytes_in_use -= malloc_usable_size(memory);
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

namespace {

// The memory that `limiter` holds once each of `keys` keys took a token, `apart` after the one before it.
std::size_t memory_after(RateLimiter& limiter, int keys, std::chrono::microseconds apart) {
  std::string key(40, 'k');
  TimePoint now{};
  int refused = 0;
  const std::size_t before = bytes_in_use;
  for (int i = 0; i < keys; ++i, now = TimePoint{} + std::chrono::floor<std::chrono::milliseconds>(i * apart)) {
    for (int digit = 0, rest = i; digit < 6; ++digit, rest /= 10) key[std::size_t(digit)] = char('0' + rest % 10);
    refused += limiter.try_take(key, {.per_second = 100, .burst = 1}, now) ? 0 : 1;
  }
  CHECK(refused == 0);
  return bytes_in_use - before;
}

}  // namespace

TEST_CASE("a limiter of a million keys at once takes its most and not more") {
  // On the heap: g++ places over-aligned locals wrongly where AddressSanitizer keeps frames of its own.
  const auto owner = std::make_unique<RateLimiter>(7);
  RateLimiter& limiter = *owner;
  const std::size_t memory = memory_after(limiter, 1'000'000, std::chrono::microseconds(0));
  CHECK(memory >= 16 * RateLimiter::kDefaultKeys);
  CHECK(memory < 17 * RateLimiter::kDefaultKeys);
}

TEST_CASE("a limiter takes memory for the buckets in use, not for all that ever were") {
  const auto owner = std::make_unique<RateLimiter>(7);
  RateLimiter& limiter = *owner;
  // Each is full again after 10 ms: a thousand are in use at a time.
  CHECK(memory_after(limiter, 1'000'000, std::chrono::microseconds(10)) < 256 * 1024);
}

TEST_CASE("a limiter of one key is small") {
  STATIC_REQUIRE(sizeof(RateLimiter) <= 4224);
  const auto owner = std::make_unique<RateLimiter>(7);
  RateLimiter& limiter = *owner;
  CHECK(memory_after(limiter, 1, std::chrono::microseconds(0)) < 256);
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
