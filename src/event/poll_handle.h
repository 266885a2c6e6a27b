// Watches one descriptor on a loop, level-triggered. A member of whoever owns the descriptor; one loop thread.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace hawser::event {

class Loop;

enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, read_and_write = 3 };

// What a descriptor is ready for; an error counts as both, and is fetched by reading or writing.
enum class Readiness : std::uint8_t { none = 0, readable = 1, writable = 2, both = 3 };

[[nodiscard]] constexpr bool is_readable(Readiness r) noexcept { return (static_cast<unsigned>(r) & 1U) != 0; }
[[nodiscard]] constexpr bool is_writable(Readiness r) noexcept { return (static_cast<unsigned>(r) & 2U) != 0; }

class PollObserver {
 public:
  virtual void on_ready(Readiness readiness) = 0;

 protected:
  ~PollObserver() = default;
};

class PollHandle {
 public:
  // Watches nothing yet. The descriptor belongs to somebody else and is closed after close() or destruction.
  PollHandle(Loop& loop, int fd, PollObserver& observer) noexcept : loop_(&loop), observer_(&observer), fd_(fd) {}
  ~PollHandle() { close(); }
  PollHandle(const PollHandle&) = delete;
  PollHandle& operator=(const PollHandle&) = delete;

  // Fails when the kernel has no room left for watching, or cannot watch this kind of descriptor.
  Status watch(Interest interest) noexcept;
  [[nodiscard]] Interest interest() const noexcept { return interest_; }
  // No callback follows. Idempotent.
  void close() noexcept;

 private:
  friend class Poller;

  Loop* loop_;
  PollObserver* observer_;
  int fd_;
  Interest interest_ = Interest::none;
};

}  // namespace hawser::event
