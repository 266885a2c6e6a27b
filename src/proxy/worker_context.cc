#include "proxy/worker_context.h"

#include <algorithm>
#include <utility>

#include "proxy/session.h"

namespace hawser::proxy {

WorkerContext::WorkerContext(event::Loop& loop, event::Inbox& inbox, log::Logger& logger, std::uint64_t seed)
    : loop_(loop),
      inbox_(inbox),
      logger_(logger),
      rng_(seed),
      connection_pool_(loop, loop, tls_scratch_, Rng(rng_.next())),
      last_session_id_(rng_.next() << 32U) {}

WorkerContext::~WorkerContext() = default;

void WorkerContext::adopt(std::shared_ptr<const Snapshot> snapshot) {
  std::vector<std::shared_ptr<WorkerUpstream>> upstreams;
  for (const auto& options : snapshot->upstreams) {
    const auto before = find_upstream(options->name);
    upstreams.push_back(std::make_shared<WorkerUpstream>(options, before.get(), rng_));
  }
  upstreams_ = std::move(upstreams);
  snapshot_ = std::move(snapshot);
  adopt_pool_targets();
}

void WorkerContext::adopt(std::shared_ptr<const Upstream> changed) {
  for (auto& upstream : upstreams_) {
    if (upstream->options().name != changed->name) continue;
    upstream = std::make_shared<WorkerUpstream>(std::move(changed), upstream.get(), rng_);
    return adopt_pool_targets();
  }
}

void WorkerContext::adopt_pool_targets() {
  if (is_draining_) return;
  std::vector<PoolTarget> targets;
  for (const auto& upstream : upstreams_) {
    const Upstream& options = upstream->options();
    if (options.keepalive.prewarm == 0 && options.keepalive.idle == 0) continue;
    for (const Tier& tier : options.tiers) {
      for (const upstream::Server& server : tier.group->servers) {
        targets.push_back({server.state, options.target_of(server), options.keepalive.idle, options.keepalive.prewarm,
                           options.keepalive.timeout, options.timeouts.connect});
      }
    }
  }
  connection_pool_.adopt(std::move(targets));
}

std::shared_ptr<WorkerUpstream> WorkerContext::find_upstream(std::string_view name) const {
  const auto found = std::find_if(upstreams_.begin(), upstreams_.end(),
                                  [name](const auto& upstream) { return upstream->options().name == name; });
  return found == upstreams_.end() ? nullptr : *found;
}

void WorkerContext::begin_drain(IdleSessions idle) {
  is_draining_ = true;
  connection_pool_.adopt({});
  if (idle == IdleSessions::keep) return;
  for (Session* session = first_session_; session != nullptr;) {
    Session& current = *session;
    session = session->next_;
    current.end_if_idle();
  }
}

void WorkerContext::end_all_sessions(std::uint16_t close_code, std::string_view reason) {
  for (Session* session = first_session_; session != nullptr;) {
    Session& current = *session;
    session = session->next_;
    current.end(static_cast<websocket::CloseCode>(close_code), reason);
  }
}

void WorkerContext::close_all_sessions() {
  while (first_session_ != nullptr) first_session_->close();
}

void WorkerContext::add(Session& session) noexcept {
  session.next_ = first_session_;
  if (first_session_ != nullptr) first_session_->previous_ = &session;
  first_session_ = &session;
  counters_.sessions.fetch_add(1, std::memory_order_relaxed);
}

void WorkerContext::remove(Session& session) noexcept {
  if (session.previous_ != nullptr) {
    session.previous_->next_ = session.next_;
  } else {
    first_session_ = session.next_;
  }
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
  session.next_ = nullptr;
  session.previous_ = nullptr;
  counters_.sessions.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace hawser::proxy
