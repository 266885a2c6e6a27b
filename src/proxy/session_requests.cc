// How a session reads requests, one after another, and has each admitted.
#include <utility>

#include "http/client_address.h"
#include "proxy/session.h"

namespace hawser::proxy {

void Session::begin_read_head(Duration at_most) {
  stage_.emplace<ReadHead>();
  http_->is_head_begun = false;
  worker_.loop().arm(timer_, at_most);
}

void Session::read_requests(std::span<const std::byte> input) {
  http_->unread = input;
  // A client that does not take its answers gets no further request served: they would pile up here.
  while (!is_closed_ && std::holds_alternative<ReadHead>(stage_) && !http_->unread.empty() &&
         client_->pending_bytes() == 0) {
    read_head();
  }
  const std::span<const std::byte> rest = std::exchange(http_->unread, {});
  if (!is_closed_ && !std::holds_alternative<Closing>(stage_)) keep_early(rest);
}

// Reading goes on while a server is asked, so that a client which leaves is noticed; one that sends ahead waits.
void Session::keep_early(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  http_->early_bytes.insert(http_->early_bytes.end(), bytes.begin(), bytes.end());
  client_->stop_reading();
}

void Session::read_head() {
  const http::ParseStep step = http_->parser.step(http_->unread);
  http_->unread = http_->unread.subspan(step.consumed);
  http_->request_length += step.consumed;
  switch (step.event) {
    case http::ParseEvent::need_more:
      if (http_->is_head_begun || !http_->parser.has_partial_head()) return;
      http_->is_head_begun = true;
      return worker_.loop().arm(timer_, http_->listener->timeouts.request_head);
    case http::ParseEvent::head:
      return begin_request(http_->parser.take_head());
    case http::ParseEvent::error:
      return begin_request({});
    case http::ParseEvent::body:
    case http::ParseEvent::end:
      return;
  }
}

void Session::begin_record(http::RequestHead&& head) {
  record_ = std::make_unique<SessionRecord>();
  record_->session_id = id_;
  record_->request_id = {worker_.rng().next(), worker_.rng().next()};
  record_->config_generation = worker_.snapshot()->generation;
  record_->peer = http_->peer;
  record_->scheme = http_->listener->tls ? http::Scheme::https : http::Scheme::http;
  record_->listener = http_->listener->name;
  record_->started = worker_.loop().now();
  record_->request_length = std::exchange(http_->request_length, 0);
  record_->head = std::move(head);
  identify_client();
}

void Session::identify_client() {
  if (!record_->peer) return;
  const IpAddress& peer = record_->peer->address;
  const auto& trusted = worker_.snapshot()->trusted_proxies;
  const bool is_proxy = is_in_any(trusted, peer);
  record_->trust = is_proxy ? http::HopTrust::trusted : http::HopTrust::untrusted;
  record_->client = is_proxy ? http::find_client_address(record_->head.headers, peer, trusted) : peer;
  count_address(*record_->client);
}

// A trusted proxy may speak for one client after another.
void Session::count_address(const IpAddress& address) {
  if (!http_->listener->max_sessions_per_ip || http_->counted_address == address) return;
  address_lease_ = {};  // one of the same /64 would be counted beside itself
  address_lease_ = limits::AddressCounter::acquire(http_->listener->state->addresses(), address);
  http_->counted_address = address;
}

// A client has no session with us while the connection of a proxy that spoke for it waits for anybody's next request.
void Session::leave_address() {
  address_lease_ = {};
  http_->counted_address.reset();
}

// A head that could not be parsed is a request too: it is answered and logged. Its head is empty.
void Session::begin_request(http::RequestHead&& head) {
  const bool is_malformed = head.method.empty();
  begin_record(std::move(head));
  timer_.disarm();
  if (is_malformed) return answer(http_->parser.error().status, http_->parser.error().reason);
  if (!record_->head.body.has_bytes()) http_->parser.reset();
  const SessionStanding standing{listener_lease_.rank(), address_lease_.rank(), http_->is_within_rate};
  const Verdict verdict =
      admit(*worker_.snapshot(), *http_->listener, standing, *record_, worker_.rng(), worker_.loop().now());
  http_->route = verdict.route;
  if (verdict.route) record_->route = route_ = verdict.route->options;
  if (const auto* const refusal = std::get_if<Refusal>(&verdict.decision)) return answer(*refusal);
  if (const auto* const reply = std::get_if<Reply>(&verdict.decision)) return answer(*reply);
  const Forward& forward = std::get<Forward>(verdict.decision);
  http_->service = forward.service;
  record_->upstream = forward.upstream;
  begin_connect();
}

void Session::on_head_timeout() {
  if (!http_->parser.has_partial_head()) return close_when_flushed();
  begin_record({});
  answer(408, "the request head took too long");
}

void Session::finish_request() {
  if (has_client_said_all()) return begin_closing();
  http_->has_served = true;
  http_->is_repeated = false;
  http_->route.reset();
  if (record_->trust == http::HopTrust::trusted) leave_address();
  if (http_->connect) worker_.loop().dispose(std::move(http_->connect));  // its callback may be on the stack
  if (record_->head.body.has_bytes()) http_->parser.reset();
  record_.reset();
  route_.reset();
  begin_read_head(http_->listener->timeouts.keepalive);
  resume_requests();
}

void Session::resume_requests() {
  client_->start_reading();
  // In a read event that is under way, its reader goes on.
  if (http_->early_bytes.empty()) return;
  const std::vector<std::byte> early = std::exchange(http_->early_bytes, {});
  read_requests(early);
  // What is left is a part of a head, and its rest will not come.
  const bool is_waiting = !is_closed_ && std::holds_alternative<ReadHead>(stage_) && http_->early_bytes.empty();
  if (is_waiting && has_client_ended_) close_when_flushed();
}

}  // namespace hawser::proxy
