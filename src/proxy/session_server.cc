// How a session finds a server for a request, and leaves it again.
#include <string>
#include <utility>

#include "event/retired_stream.h"
#include "http/forwarding.h"
#include "http/rewrite.h"
#include "proxy/rewrite_target.h"
#include "proxy/server_verdict.h"
#include "proxy/session.h"

namespace hawser::proxy {

void Session::begin_connect() {
  const auto upstream = worker_.find_upstream(record_->upstream);
  if (!upstream) return answer(503, "the upstream left the configuration");
  std::string key;
  upstream->options().key.expand(RecordVariables(*record_, worker_.loop().now()), key);
  http_->timeouts = upstream->options().timeouts;
  const config::RouteTimeouts& own = http_->route->timeouts;
  http_->timeouts.response_head = own.response_head.value_or(http_->timeouts.response_head);
  http_->timeouts.read = own.read.value_or(http_->timeouts.read);
  http_->try_timeout = upstream->options().retry.try_timeout;
  const auto exchange_kind = may_be_repeated(record_->head) ? ConnectFor::repeatable : ConnectFor::unrepeatable;
  const auto purpose = http_->service == Service::websocket ? ConnectFor::websocket : exchange_kind;
  ConnectOutcomeObserver& observer = *this;
  auto& connect = *stage_.emplace<std::unique_ptr<Connect>>(
      std::make_unique<Connect>(worker_, observer, record_->upstream, std::move(key), purpose));
  apply(connect.start());
}

void Session::apply(ConnectOutcome outcome) {
  if (auto* const connected = std::get_if<Connected>(&outcome)) return begin_service(std::move(*connected));
  if (auto* const failed = std::get_if<ConnectFailed>(&outcome)) {
    std::unique_ptr<Connect> connect = std::move(std::get<std::unique_ptr<Connect>>(stage_));
    record_->server = connect->server_name();
    worker_.loop().dispose(std::move(connect));  // the callback of its last attempt may still be on the stack
    answer(failed->status, failed->reason);
  }
}

void Session::begin_service(Connected connected) {
  http_->connect = std::move(std::get<std::unique_ptr<Connect>>(stage_));
  record_->server = http_->connect->server_name();
  record_->connect_time = worker_.loop().now() - record_->started;
  event::retire(worker_.loop(), std::exchange(server_, std::move(connected.server)));
  server_lease_ = std::move(connected.lease);
  has_server_ended_ = false;
  server_->set_observer(static_cast<SideObserver<Session, Peer::server>*>(this));
  http_->is_pooled = connected.source == ConnectionSource::pooled;
  http_->service == Service::websocket ? begin_upgrade() : begin_exchange();
  if (!is_closed_ && server_) server_->start_reading();
}

void Session::append_request_head(std::string& out, http::RequestPurpose purpose) {
  const Route& route = *http_->route;
  const RecordVariables variables(*record_, worker_.loop().now());
  const std::string target = rewritten_target(route, record_->head);
  const std::string host = rewritten_host(route, variables);
  const http::HeaderEdit edit{route.request_headers, variables};
  http::append_request_head(out, record_->head, forwarded_client(),
                            {.purpose = purpose, .target = target, .host = host, .edit = &edit});
}

http::ForwardedClient Session::forwarded_client() {
  http::ForwardedClient forwarded;
  forwarded.address = record_->client;
  if (record_->peer) forwarded.peer = record_->peer->address;
  forwarded.scheme = record_->scheme;
  forwarded.trust = record_->trust;
  if (forwarded.trust == http::HopTrust::untrusted) {
    if (!http_->forwarded_text) http_->forwarded_text = http::forwarded_text(forwarded);
    forwarded.text = &*http_->forwarded_text;
  }
  return forwarded;
}

Connect& Session::return_to_connect() {
  drop_server();
  timer_.disarm();
  return *stage_.emplace<std::unique_ptr<Connect>>(std::move(http_->connect));
}

void Session::judge_server(upstream::Outcome outcome) { judge(worker_, server_lease_, outcome); }

void Session::drop_server() noexcept {
  server_lease_.release();
  if (server_) server_->close();
}

}  // namespace hawser::proxy
