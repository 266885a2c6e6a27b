// Watches one descriptor on a loop. Owns the libuv handle, whose memory outlives the owner until libuv lets go of it;
// the descriptor belongs to somebody else. One loop thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

struct uv_poll_s;

namespace hawser::event {

class Loop;

enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, read_and_write = 3 };

enum class Readiness : std::uint8_t { none = 0, readable = 1, writable = 2, both = 3, failed = 4 };

[[nodiscard]] constexpr bool is_readable(Readiness r) noexcept { return (static_cast<unsigned>(r) & 1U) != 0; }
[[nodiscard]] constexpr bool is_writable(Readiness r) noexcept { return (static_cast<unsigned>(r) & 2U) != 0; }

class PollObserver {
 public:
  // `failed`: the descriptor has an error to be fetched by reading or writing; it is watched no longer.
  virtual void on_ready(Readiness readiness) = 0;

 protected:
  ~PollObserver() = default;
};

class PollHandle {
 public:
  PollHandle() = default;  // watches nothing

  // Makes `fd` non-blocking.
  [[nodiscard]] static Result<PollHandle> open(Loop& loop, int fd, PollObserver& observer);

  // Takes effect before the loop sleeps next.
  void watch(Interest interest) noexcept;
  // Stops for good; the descriptor may be closed right after. Idempotent.
  void close() noexcept { handle_.reset(); }

 private:
  struct Closer {
    void operator()(uv_poll_s* handle) const noexcept;
  };
  std::unique_ptr<uv_poll_s, Closer> handle_;
};

}  // namespace hawser::event
