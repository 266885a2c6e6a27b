// pick() allocates nothing: this program's operator new counts what each thread asks for.
#include <array>
#include <cstdlib>
#include <new>

#include "support/catch.h"
#include "unit/modules/server_groups.h"
#include "upstream/balancer_registry.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// The sanitizers bring one of their own, whose memory the delete below could not free.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
// Kept out of line: g++ takes the free of one for a mismatch where it inlines the delete and not the new.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace hawser::upstream::testing {

TEST_CASE("a pick allocates nothing") {
  for (const BalancerModule* module : registered_balancers()) {
    const SharedGroup group = make_group({3, 1, 1, 2});
    const auto plan = module->compile(group, {.has_key = module->needs_key});
    const auto balancer = plan->make_balancer(Rng(1), nullptr);
    group->servers[2].state->block(Block::health);
    const std::array tried{state_of(group, 1)};
    const std::size_t before = allocations;
    REQUIRE(before > 0);
    std::size_t picked = 0;
    for (int i = 0; i < 100; ++i) {
      picked += balancer->pick({.key = "a key that is too long for a small string", .tried = tried}) ? 1U : 0U;
      picked += balancer->pick({}) ? 1U : 0U;
    }
    const std::size_t after = allocations;
    INFO("method " << module->name);
    CHECK(picked == 200);
    CHECK(after == before);
  }
}

}  // namespace hawser::upstream::testing
