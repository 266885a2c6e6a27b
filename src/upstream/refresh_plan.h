// When each watched name is to be asked again: after its TTL, or after a failure with growing pauses, always within the
// limits of the upstreams that use it. Pure: time is passed in. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/rng.h"
#include "upstream/known_names.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

// How long after its last try a name is tried again: its TTL, or `min` doubled with each failure in a row, or the
// lesser of both where the answer lacks a kind of address; all kept within the limits. `jitter`, from 0 to 65535, puts
// it off by up to a twentieth, or brings it forward where it would be above `max`, so that many names, and many of us,
// do not ask in step.
[[nodiscard]] Duration refresh_delay(const KnownName& name, const RefreshLimits& limits, std::uint16_t jitter) noexcept;

class RefreshPlan {
 public:
  explicit RefreshPlan(Rng rng) noexcept : rng_(rng) {}

  // From now on these names are planned for and no others; what is new and was never tried is due at once.
  void keep(const std::map<Question, RefreshLimits>& questions, const KnownNames& known);
  [[nodiscard]] bool has(const Question& question) const { return entries_.contains(question); }

  // Those due at `now`. They are not due again before answered() or restart().
  [[nodiscard]] std::vector<Question> take_due(TimePoint now);
  void answered(const Question& question, const KnownName& name);
  // Makes everything due that was taken and not answered: whoever was to answer is gone.
  void restart();
  // Makes every name that fails due, whatever its pause, unless it is taken.
  void hurry_failing(const KnownNames& known);
  // Nothing: nobody waits.
  [[nodiscard]] std::optional<TimePoint> next_due() const;

 private:
  struct Entry {
    RefreshLimits limits;
    std::uint16_t jitter = 0;
    TimePoint due{};
    bool is_taken = false;
  };

  static void set_due(Entry& entry, const KnownName* name) noexcept;

  Rng rng_;
  std::map<Question, Entry> entries_;
};

}  // namespace hawser::upstream
