// The messages of one run: all of one size and pattern, each stamped with its connection and number so that a lost,
// repeated, swapped or damaged echo is noticed. Shared by a run's connections, one thread. The echo server makes the
// bodies of its plain HTTP answers with it.
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

  // The same bytes without a frame, valid until the next call.
  [[nodiscard]] ConstBytes plain(std::uint32_t connection, std::uint32_t number) noexcept;

  // Is `echo` byte for byte what frame() carried?
  [[nodiscard]] bool matches(ConstBytes echo, std::uint32_t connection, std::uint32_t number) const noexcept;

  // The same for a part of it that begins at `offset`.
  [[nodiscard]] bool matches_part(ConstBytes part, std::size_t offset, std::uint32_t connection,
                                  std::uint32_t number) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::vector<unsigned char> plain_;  // its first bytes are a stamp, whichever was written last
  std::vector<unsigned char> frame_;
  std::size_t header_size_;
};

}  // namespace hawser::bench
