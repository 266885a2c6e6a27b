#include "upstream/slow_start.h"

#include <algorithm>
#include <cmath>

namespace hawser::upstream {

namespace {

constexpr double kFirstShare = 0.1;  // of the server's own

}  // namespace

void SlowStart::begin(std::uint64_t started, double share, std::uint32_t sessions) noexcept {
  share_ = share;
  sessions_ = sessions;
  given_ = 0;
  next_turn_ = static_cast<double>(started) + interval();
}

// A session that came late does not move the turns after it, so that the share is kept; but turns that were missed
// altogether are not made up for. One that came early (nobody else could take it) starts the next wait.
void SlowStart::count_session(std::uint64_t started) noexcept {
  if (!is_active()) return;
  ++given_;
  const auto now = static_cast<double>(started);
  next_turn_ = std::max(std::min(next_turn_, now) + interval(), now);
}

std::uint64_t SlowStart::next_turn() const noexcept {
  return is_active() ? static_cast<std::uint64_t>(std::ceil(next_turn_)) : 0;
}

double SlowStart::interval() const noexcept {
  const double progress = static_cast<double>(given_) / static_cast<double>(std::max(sessions_, 1U));
  return 1.0 / (share_ * (kFirstShare + (1.0 - kFirstShare) * progress));
}

}  // namespace hawser::upstream
