// Bytes nobody can foresee, from the kernel (getrandom(2)): seeds, request ids, WebSocket masks. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hawser {

// Fills all of `bytes`. Never fails after the kernel's pool was seeded at boot.
void fill_random(std::span<std::byte> bytes) noexcept;

[[nodiscard]] std::uint64_t random_u64() noexcept;

}  // namespace hawser
