#include "proxy/connect.h"

#include <utility>

namespace hawser::proxy {

Connect::Connect(WorkerContext& worker, event::ConnectObserver& observer, std::string upstream, std::string key)
    : worker_(worker), observer_(observer), upstream_name_(std::move(upstream)), key_(std::move(key)) {}

bool Connect::can_try_another() {
  if (!refresh_upstream() || attempts_made_ >= upstream_->options->attempts) return false;
  const upstream::ServerGroup& group = *upstream_->options->group;
  for (upstream::ServerIndex index = 0; index < group.servers.size(); ++index) {
    if (upstream::is_candidate(group, {key_, tried_, worker_.loop().now()}, index)) return true;
  }
  return false;
}

bool Connect::refresh_upstream() {
  auto current = worker_.find_upstream(upstream_name_);
  if (!current || !current->balancer) return false;
  if (current != upstream_) tried_.clear();
  upstream_ = std::move(current);
  return true;
}

ConnectOutcome Connect::try_next() {
  for (;;) {
    if (!refresh_upstream()) return ConnectFailed{503, "the upstream has no server"};
    if (attempts_made_ >= upstream_->options->attempts) return ConnectFailed{502, "every attempt to connect failed"};
    const auto picked = upstream_->balancer->pick({key_, tried_, worker_.loop().now()});
    if (!picked && attempts_made_ > 0) return ConnectFailed{502, "every attempt to connect failed"};
    if (!picked) return ConnectFailed{503, "no server is eligible"};
    const auto& group = upstream_->options->group;
    const upstream::Server& server = group->servers[*picked];
    auto lease = upstream::ServerLease::try_acquire(group, server, worker_.loop().now());
    if (!lease) continue;
    ++attempts_made_;
    tried_.push_back(server.state.get());
    lease_ = std::move(*lease);
    server_name_ = server.name;
    auto attempt = event::PlainStream::connect(worker_.loop(), server.address, observer_);
    if (attempt) {
      attempt_ = std::move(*attempt);
      return Connecting{};
    }
    lease_.release();
    log_failure(attempt.error());
    if (attempt.error().code == ErrorCode::no_descriptors) return ConnectFailed{503, "no descriptor is left"};
  }
}

ConnectOutcome Connect::on_connect(Status status) {
  if (status) return Connected{std::move(attempt_), std::move(lease_)};
  lease_.release();
  log_failure(status.error());
  attempt_->close();
  failed_attempt_ = std::move(attempt_);
  return try_next();
}

ConnectOutcome Connect::on_timeout() {
  lease_.release();
  if (attempt_) attempt_->close();
  log_failure(Error{ErrorCode::timed_out, Side::server, Retry::no, "timeouts.connect is over"});
  return ConnectFailed{504, "connecting took too long"};
}

void Connect::log_failure(const Error& error) {
  if (!worker_.logger().is_enabled(log::Level::warn)) return;
  worker_.logger().write(log::Level::warn, log::LineBuilder("cannot connect to a server")
                                               .add("upstream", upstream_name_)
                                               .add("server", server_name_)
                                               .add("error", error.message)
                                               .text());
}

}  // namespace hawser::proxy
