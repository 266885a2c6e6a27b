// Whether one server is trusted with new sessions, learnt from how its sessions begin. Pure: time, randomness and the
// room that the group leaves are passed in. Guarded by its server's state.
//
//   state      event                                                        next
//   closed     consecutive_failures in a row, or failure_ratio of at least
//              min_attempts within the window: limit_reached, then open()   open for eject x 2^n, jittered, at most
//              max_eject
//   open       the time is over and a session asks: a probe                 half_open
//   half_open  half_open_probes probes succeeded                            closed, n = 0 once it stays closed for long
//   half_open  one probe failed                                             open, n + 1
//   half_open  the options say off, and a session asks or a probe ends      closed
//
// n counts the ejections in a row: it is forgotten after the server was closed for as long as it was ejected last.
// The jitter adds up to a fifth, within max_eject; nothing is asked early. Only a failure reaches a limit. The window
// slides by tenths. Sessions that began before the breaker opened say nothing to one that is open or half open.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/duration.h"
#include "config/upstream_config.h"

namespace hawser::upstream {

// How a session's beginning went. A clean end, a client that left and any answer below 500 are never failures.
enum class Outcome : std::uint8_t {
  none,  // nothing was learnt: the client left first, or the fault was ours
  success,
  failure,
};

using BreakerOptions = config::CircuitBreaker;

[[nodiscard]] inline bool is_on(const BreakerOptions& options) noexcept {
  return options.consecutive_failures.has_value() || options.failure_ratio.has_value();
}

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  // How a session was let through; end() must be told.
  enum class Admission : std::uint8_t { refused, normal, probe };
  enum class Event : std::uint8_t {
    none,
    limit_reached,  // still closed: open() it if the group allows one ejection more; else it goes on counting
    opened,         // by a probe that failed
    closed,
  };

  // Asks for one session.
  [[nodiscard]] Admission try_begin(const BreakerOptions& options, TimePoint now) noexcept;
  // How a session that was let through began; not to be told of a probe once ejections() has changed. `random` is any
  // 64 bits, for the jitter of an ejection.
  [[nodiscard]] Event end(const BreakerOptions& options, Admission admission, Outcome outcome, TimePoint now,
                          std::uint64_t random) noexcept;
  // Of a breaker that is not open.
  void open(const BreakerOptions& options, TimePoint now, std::uint64_t random) noexcept;
  // Forgets all that was learnt: closed, n = 0. Probes under way belong to the past.
  void reset() noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  // When try_begin() may say something else than refused: TimePoint::min() now, TimePoint::max() not before a probe
  // ended.
  [[nodiscard]] TimePoint blocked_until(const BreakerOptions& options) const noexcept;
  // Of the ejection under way or the last one.
  [[nodiscard]] Duration ejected_for() const noexcept { return ejected_for_; }
  // How often it opened; tells a probe of this ejection from one of an earlier.
  [[nodiscard]] std::uint32_t ejections() const noexcept { return ejections_; }

 private:
  // Attempts of one part of the window.
  struct Part {
    std::int64_t number = -1;  // since the clock's epoch
    std::uint32_t attempts = 0;
    std::uint32_t failures = 0;
  };
  static constexpr std::size_t kParts = 10;
  static constexpr std::int64_t kPartCount = kParts;

  [[nodiscard]] static std::int64_t part_number(const BreakerOptions& options, TimePoint now) noexcept;
  [[nodiscard]] std::uint32_t probes_wanted(const BreakerOptions& options) const noexcept;
  void count(const BreakerOptions& options, Outcome outcome, TimePoint now) noexcept;
  [[nodiscard]] bool is_limit_reached(const BreakerOptions& options, TimePoint now) const noexcept;
  void close(TimePoint now) noexcept;

  std::array<Part, kParts> parts_{};
  TimePoint open_until_{};
  TimePoint closed_since_{};
  Duration ejected_for_{};
  Duration window_{};  // that parts_ were counted for
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t ejections_in_a_row_ = 0;
  std::uint32_t ejections_ = 0;
  std::uint32_t probes_under_way_ = 0;
  std::uint32_t probes_succeeded_ = 0;
  State state_ = State::closed;
};

}  // namespace hawser::upstream
