#include "proxy/server_verdict.h"

#include <memory>

namespace hawser::proxy {

using upstream::BreakerEvent;

namespace {

std::string_view name_of(const upstream::ServerGroup& group, const upstream::ServerState* state) {
  const upstream::Server* const server = find_server(group, state);
  return server != nullptr ? std::string_view(server->name) : std::string_view();
}

std::string_view message_of(BreakerEvent event) {
  switch (event) {
    case BreakerEvent::none:
      break;
    case BreakerEvent::ejected:
      return "server ejected: its sessions fail";
    case BreakerEvent::ejected_again:
      return "server ejected again: a probe failed";
    case BreakerEvent::held_in:
      return "server not ejected, though its sessions fail: max_ejected is reached";
    case BreakerEvent::recovered:
      return "server recovered: its probes succeeded";
  }
  return {};
}

}  // namespace

void judge(WorkerContext& worker, upstream::ServerLease& lease, upstream::Outcome outcome) {
  if (!lease.is_held() || lease.is_judged()) return;
  const std::shared_ptr<const upstream::ServerGroup> group = lease.group();
  const upstream::ServerState* const state = lease.state();
  const TimePoint now = worker.loop().now();
  const BreakerEvent event = lease.judge(outcome, now, worker.rng().next());
  if (event == BreakerEvent::none) return;
  const auto level = event == BreakerEvent::recovered ? log::Level::info : log::Level::warn;
  if (worker.logger().is_enabled(level)) {
    log::LineBuilder line(message_of(event));
    line.add("upstream", group->upstream).add("server", name_of(*group, state));
    if (event == BreakerEvent::ejected || event == BreakerEvent::ejected_again) {
      line.add("for_ms", static_cast<std::int64_t>((state->ejected_until() - now).count()));
    }
    worker.logger().write(level, line.text());
  }
  if (event == BreakerEvent::recovered) upstream::grant_free_places(group, now);
}

}  // namespace hawser::proxy
