// The messages of one run: all of one size and pattern, each stamped with its connection and number so that a lost,
// repeated, swapped or damaged echo is noticed. Shared by a run's connections, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "frame.h"

namespace hawser::bench {

class Payload {
 public:
  explicit Payload(std::size_t size);

  // A masked frame, valid until the next call: pre-masked once, so that a message costs eight bytes of work.
  [[nodiscard]] ConstBytes frame(std::uint32_t connection, std::uint32_t number) noexcept;

  // Is `echo` byte for byte what frame() carried?
  [[nodiscard]] bool matches(ConstBytes echo, std::uint32_t connection, std::uint32_t number) const noexcept;

 private:
  std::size_t size_;
  std::vector<unsigned char> plain_;
  std::vector<unsigned char> frame_;
  std::size_t header_size_;
};

}  // namespace hawser::bench
