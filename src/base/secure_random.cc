#include "base/secure_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace hawser {

void fill_random(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      std::abort();  // no kernel since 3.17 lacks it; going on without randomness would be worse
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::uint64_t random_u64() noexcept {
  std::uint64_t value = 0;
  fill_random(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace hawser
