#include "upstream/refresh_plan.h"

#include <algorithm>

namespace hawser::upstream {

namespace {

Duration pause_after_failures(const RefreshLimits& limits, std::uint32_t failures) noexcept {
  Duration pause = limits.min;
  for (std::uint32_t i = 1; i < failures && pause < limits.max; ++i) pause *= 2;
  return pause;
}

Duration wanted_delay(const KnownName& name, const RefreshLimits& limits) noexcept {
  if (name.failure) return pause_after_failures(limits, name.failures);
  if (name.incomplete == 0) return name.answer->ttl;
  return std::min(name.answer->ttl, pause_after_failures(limits, name.incomplete));
}

}  // namespace

Duration refresh_delay(const KnownName& name, const RefreshLimits& limits, std::uint16_t jitter) noexcept {
  const Duration asked = wanted_delay(name, limits);
  const Duration delay = std::clamp(asked, limits.min, limits.max);
  const Duration spread = delay / 20 * jitter / 65536;
  return delay == limits.max ? std::max(limits.min, delay - spread) : std::min(limits.max, delay + spread);
}

void RefreshPlan::keep(const std::map<Question, RefreshLimits>& questions, const KnownNames& known) {
  std::erase_if(entries_, [&](const auto& entry) { return !questions.contains(entry.first); });
  for (const auto& [question, limits] : questions) {
    const auto [place, is_new] = entries_.try_emplace(question);
    Entry& entry = place->second;
    entry.limits = limits;
    if (is_new) entry.jitter = static_cast<std::uint16_t>(rng_.next());
    set_due(entry, known.find(question));
  }
}

void RefreshPlan::set_due(Entry& entry, const KnownName* name) noexcept {
  if (name == nullptr || !name->was_tried()) {
    entry.due = TimePoint{};
    return;
  }
  entry.due = name->tried + refresh_delay(*name, entry.limits, entry.jitter);
}

std::vector<Question> RefreshPlan::take_due(TimePoint now) {
  std::vector<Question> taken;
  for (auto& [question, entry] : entries_) {
    if (entry.is_taken || entry.due > now) continue;
    entry.is_taken = true;
    taken.push_back(question);
  }
  return taken;
}

void RefreshPlan::answered(const Question& question, const KnownName& name) {
  const auto found = entries_.find(question);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.is_taken = false;
  entry.jitter = static_cast<std::uint16_t>(rng_.next());
  set_due(entry, &name);
}

void RefreshPlan::restart() {
  for (auto& [question, entry] : entries_) entry.is_taken = false;
}

void RefreshPlan::hurry_failing(const KnownNames& known) {
  for (auto& [question, entry] : entries_) {
    const KnownName* name = known.find(question);
    if (name != nullptr && name->is_failing()) entry.due = TimePoint{};
  }
}

std::optional<TimePoint> RefreshPlan::next_due() const {
  std::optional<TimePoint> next;
  for (const auto& [question, entry] : entries_) {
    if (!entry.is_taken && (!next || entry.due < *next)) next = entry.due;
  }
  return next;
}

}  // namespace hawser::upstream
