// What a frame tracker makes of a stream of bytes that arrives in pieces, with its invariants checked on the way. For
// tests and fuzzing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/frames.h"
#include "websocket/frame_tracker.h"

namespace hawser::websocket {

struct Tracking {
  std::string forwarded;
  std::string held;
  Violation violation = Violation::none;
  CloseCode close_code = CloseCode::none;
  std::uint64_t messages = 0;
  std::size_t close_size = 0;
  bool is_close = false;
  bool has_stopped = false;

  friend bool operator==(const Tracking&, const Tracking&) = default;
};

// Feeds the pieces until something happens, presenting again what was held back. Throws when an invariant breaks.
[[nodiscard]] inline Tracking track_pieces(FrameTracker tracker, const std::vector<std::string_view>& pieces,
                                           StopAt stop_at = StopAt::nowhere) {
  Tracking seen;
  const auto is_over = [&seen] { return seen.is_close || seen.has_stopped || seen.violation != Violation::none; };
  for (const std::string_view piece : pieces) {
    const std::string input = seen.held + std::string(piece);
    const Tracked tracked = tracker.track(bytes_of(input), stop_at);
    if (tracked.forward + tracked.held > input.size()) throw std::logic_error("more bytes than there were");
    if (tracked.held > kMaxControlFrame - 1) throw std::logic_error("too much is held back");
    seen.forwarded += input.substr(0, tracked.forward);
    seen.held = input.substr(tracked.forward, tracked.held);
    seen.violation = tracked.violation;
    seen.is_close = tracked.is_close;
    seen.close_size = tracked.close_size;
    seen.has_stopped = tracked.has_stopped;
    if (is_over()) break;
    if (tracked.forward + tracked.held != input.size()) throw std::logic_error("bytes were lost");
  }
  seen.close_code = tracker.close_code();
  seen.messages = tracker.messages();
  return seen;
}

}  // namespace hawser::websocket
