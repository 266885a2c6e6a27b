#include "upstream/health_monitor.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "upstream/health_check.h"

namespace hawser::upstream {

HealthMonitor::HealthMonitor(event::Loop& loop, tls::TlsScratch& scratch, log::Logger& logger, Rng rng, OnUp on_up)
    : loop_(loop), scratch_(scratch), logger_(logger), rng_(rng), on_up_(std::move(on_up)) {}

HealthMonitor::~HealthMonitor() {
  for (auto& check : checks_) {
    check->stop();
    loop_.dispose(std::move(check));
  }
}

void HealthMonitor::adopt(std::vector<HealthTarget> targets) {
  std::unordered_map<const ServerState*, std::unique_ptr<Check>> known;
  for (auto& check : checks_) known.emplace(check->state(), std::move(check));
  checks_.clear();
  std::unordered_set<const ServerState*> taken;
  for (HealthTarget& target : targets) {
    const ServerState* state = target.state.get();
    if (!taken.insert(state).second) continue;  // named twice
    if (const auto found = known.find(state); found != known.end()) {
      checks_.push_back(std::move(found->second));
      known.erase(found);
      checks_.back()->update(std::move(target));
    } else {
      checks_.push_back(std::make_unique<Check>(*this, std::move(target)));
      checks_.back()->start();
    }
  }
  for (auto& [state, check] : known) {
    check->retire();
    loop_.dispose(std::move(check));
  }
  start_waiting();  // in the place of those that were ended
}

void HealthMonitor::start_waiting() {
  while (under_way_ < kMostAtOnce && !waiting_.empty()) {
    Check& next = *waiting_.front();
    waiting_.pop_front();
    next.begin();
  }
}

}  // namespace hawser::upstream
