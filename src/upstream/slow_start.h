// Holds back a server that came back, counted in sessions and not in seconds: its share grows from a tenth of what it
// would have to all of it while it is given its first sessions. Pure. Guarded by its server's state.
#pragma once

#include <cstdint>

namespace hawser::upstream {

class SlowStart {
 public:
  // `sessions` (from 1) are given slowly by a server that would have `share` (above 0, at most 1) of its group's
  // sessions; `started` is how many the group has started so far.
  void begin(std::uint64_t started, double share, std::uint32_t sessions) noexcept;
  // One session was given to the server; `started` counts it already.
  void count_session(std::uint64_t started) noexcept;
  [[nodiscard]] bool is_active() const noexcept { return given_ < sessions_; }
  // The server waits until its group has started this many sessions; 0 when it is not held back.
  [[nodiscard]] std::uint64_t next_turn() const noexcept;

 private:
  // Sessions of the group from one of the server's to the next.
  [[nodiscard]] double interval() const noexcept;

  double next_turn_ = 0.0;
  double share_ = 1.0;
  std::uint32_t sessions_ = 0;
  std::uint32_t given_ = 0;
};

}  // namespace hawser::upstream
