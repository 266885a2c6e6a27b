// The session's transitions from stage to stage, in the order a request goes through them.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "event/retired_stream.h"
#include "http/client_address.h"
#include "http/forwarding.h"
#include "http/own_answer.h"
#include "http/rewrite.h"
#include "proxy/retry_after.h"
#include "proxy/rewrite_target.h"
#include "proxy/server_verdict.h"
#include "proxy/session.h"

namespace hawser::proxy {

namespace {

event::WriteResult send(event::ByteStream& stream, std::string_view text) noexcept {
  return stream.write(std::as_bytes(std::span(text)));
}

// A session that dies sooner than this after its upgrade counts against the server.
constexpr Duration kProbation = std::chrono::seconds(1);

}  // namespace

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
  const bool is_proxy = http::is_trusted(peer, trusted);
  record_->trust = is_proxy ? http::HopTrust::trusted : http::HopTrust::untrusted;
  record_->client = is_proxy ? http::find_client_address(record_->head.headers, peer, trusted) : peer;
  count_address(*record_->client);
}

// A trusted proxy may speak for one client after another.
void Session::count_address(const IpAddress& address) {
  if (!http_->listener->max_sessions_per_ip || http_->counted_address == address) return;
  address_lease_ = limits::AddressCounter::acquire(http_->listener->state->addresses(), address);
  http_->counted_address = address;
}

// A head that could not be parsed is a request too: it is answered and logged. Its head is empty.
void Session::begin_request(http::RequestHead&& head) {
  const bool is_malformed = head.method.empty();
  begin_record(std::move(head));
  http_->route.reset();
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
  const bool has_rules = !route.request_headers.is_empty();
  http::append_request_head(out, record_->head, forwarded_client(),
                            {.purpose = purpose, .target = target, .host = host, .edit = has_rules ? &edit : nullptr});
}

void Session::begin_upgrade() {
  // A write that fails is told by the server's end, which reading brings.
  std::string head;
  append_request_head(head, http::RequestPurpose::websocket_upgrade);
  (void)send(*server_, head);
  // A server that vanished without a word is not waited for on a connection from before.
  const Duration answer_time = http_->timeouts.response_head;
  worker_.loop().arm(timer_, http_->is_pooled ? std::min(http_->try_timeout, answer_time) : answer_time);
  stage_.emplace<std::unique_ptr<Upgrading>>(
      std::make_unique<Upgrading>(Upgrading{Upgrade(record_->head), http_->is_pooled}));
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

Exchange& Session::emplace_exchange() {
  ExchangeOptions options;
  options.body = http_->route->timeouts.body.value_or(http_->listener->timeouts.body);
  options.response_head = http_->timeouts.response_head;
  options.read = http_->timeouts.read;
  options.max_body_size = http_->route->max_body_size;
  if (!http_->route->response_headers.is_empty()) options.response_rules = &http_->route->response_headers;
  const ExchangeParts parts{worker_.loop(),        timer_, *client_, *server_, *record_, http_->parser,
                            worker_.write_buffer()};
  return *stage_.emplace<std::unique_ptr<Exchange>>(std::make_unique<Exchange>(parts, options));
}

void Session::begin_exchange() {
  Exchange& current = emplace_exchange();
  append_request_head(worker_.write_buffer(), http::RequestPurpose::exchange);
  std::span<const std::byte> nothing;
  const ExchangeProgress progress = current.is_request_complete() ? current.start(nothing) : start_with_body(current);
  if (progress != ExchangeProgress::live) return apply(progress);
  if (has_client_ended_) apply(current.on_client_finished());
}

// What came early is the beginning of the body: kept while a server was looked for, or still in the read event.
ExchangeProgress Session::start_with_body(Exchange& exchange) {
  const std::vector<std::byte> kept = std::exchange(http_->early_bytes, {});
  std::span<const std::byte> rest = kept.empty() ? http_->unread : kept;
  const std::size_t size = rest.size();
  client_->start_reading();
  const ExchangeProgress progress = exchange.start(rest);
  record_->request_length += size - rest.size();
  kept.empty() ? void(http_->unread = rest) : keep_early(rest);
  return progress;
}

void Session::feed_exchange(std::span<const std::byte> client_bytes) {
  Exchange& current = *exchange();
  const std::size_t size = client_bytes.size();
  const ExchangeProgress progress = current.on_client_bytes(client_bytes);
  record_->request_length += size - client_bytes.size();
  keep_early(client_bytes);
  apply(progress);
}

void Session::read_upgrade_answer(std::span<std::byte> bytes) {
  Upgrading& upgrading = *std::get<std::unique_ptr<Upgrading>>(stage_);
  upgrading.is_warm = false;
  std::span<const std::byte> input = bytes;
  UpgradeOutcome outcome = upgrading.upgrade.on_server_bytes(input);
  const std::span<std::byte> rest = bytes.last(input.size());
  if (auto* const accepted = std::get_if<UpgradeAccepted>(&outcome)) return accept_upgrade(accepted->head, rest);
  if (auto* const declined = std::get_if<UpgradeDeclined>(&outcome)) return decline_upgrade(std::move(*declined), rest);
  if (auto* const failed = std::get_if<UpgradeFailed>(&outcome)) {
    leave_upgrade(RetryAt::another_server, 502, failed->reason);
  }
}

void Session::decline_upgrade(UpgradeDeclined declined, std::span<const std::byte> rest) {
  const int status = declined.head.status;
  judge_server(status >= 500 ? upstream::Outcome::failure : upstream::Outcome::success);
  const bool is_server_unwell = status == 502 || status == 503 || status == 504;
  if (is_server_unwell && http_->connect->claim_retry(RetryAt::another_server)) {
    return apply(return_to_connect().retry());
  }
  Exchange& current = emplace_exchange();
  apply(current.resume_with(declined.head, std::move(declined.parser), rest, keep_alive_allowed()));
}

void Session::fail_upgrade() {
  if (std::get<std::unique_ptr<Upgrading>>(stage_)->is_warm) {
    upstream::ServerLease lease = std::move(server_lease_);
    return apply(return_to_connect().connect_anew(std::move(lease)));
  }
  leave_upgrade(RetryAt::any_server, 502, "the server closed the connection before it answered");
}

void Session::leave_upgrade(RetryAt where, int status, std::string_view reason) {
  judge_server(upstream::Outcome::failure);
  server_lease_.release();  // our own place must not make the server look full
  if (http_->connect->claim_retry(where)) return apply(return_to_connect().retry());
  answer(status, reason);
}

void Session::on_upgrade_timeout() {
  Upgrading& upgrading = *std::get<std::unique_ptr<Upgrading>>(stage_);
  if (!upgrading.is_warm) return leave_upgrade(RetryAt::another_server, 504, "the server did not answer in time");
  if (server_->has_unconfirmed_bytes()) return fail_upgrade();
  upgrading.is_warm = false;
  const Duration answer_time = http_->timeouts.response_head;
  worker_.loop().arm(timer_, answer_time - std::min(http_->try_timeout, answer_time));
}

Connect& Session::return_to_connect() {
  drop_server();
  timer_.disarm();
  return *stage_.emplace<std::unique_ptr<Connect>>(std::move(http_->connect));
}

void Session::judge_server(upstream::Outcome outcome) { judge(worker_, server_lease_, outcome); }

// Answers below 500 show that the server works. What others show depends on the application: nothing.
void Session::judge_exchange(const Exchange& exchange) {
  if (server_lease_.is_judged() || exchange.response_status() == 0) return;
  judge_server(exchange.response_status() < 500 ? upstream::Outcome::success : upstream::Outcome::none);
}

void Session::accept_upgrade(const http::ResponseHead& head, std::span<std::byte> rest) {
  const RecordVariables variables(*record_, worker_.loop().now());
  const http::HeaderEdit edit{http_->route->response_headers, variables};
  const bool has_rules = !edit.rules.is_empty();
  const std::string bytes =
      http::write_response_head(head, {}, http::ConnectionField::upgrade, has_rules ? &edit : nullptr);
  record_->status = 101;
  record_->upstream_status = 101;
  record_->bytes_sent = bytes.size();
  record_->relay_started = worker_.loop().now();
  record_->subprotocol = head.headers.find("Sec-WebSocket-Protocol").value_or("");
  record_->extensions = head.headers.find("Sec-WebSocket-Extensions").value_or("");
  const auto extensions = record_->extensions.empty() ? websocket::Extensions::none : websocket::Extensions::negotiated;
  if (!worker_.snapshot()->access.log) record_.reset();
  std::vector<std::byte> early = std::move(http_->early_bytes);
  http_.reset();
  if (send(*client_, bytes) == event::WriteResult::blocked) server_->stop_reading();
  stage_.emplace<std::unique_ptr<Relay>>(
      std::make_unique<Relay>(worker_.loop(), timer_, *client_, *server_, extensions));
  if (!server_lease_.is_judged()) worker_.loop().arm(timer_, kProbation);
  client_->start_reading();
  // Frames that came with the heads go first, in order; nothing is held back yet, so they need no headroom.
  if (!rest.empty()) apply(relay()->on_bytes(Peer::server, rest));
  if (!early.empty() && relay() != nullptr) apply(relay()->on_bytes(Peer::client, early));
}

void Session::apply(ExchangeProgress progress) {
  if (progress == ExchangeProgress::live) return;
  Exchange& current = *exchange();
  record_->upstream_status = current.response_status();
  if (progress == ExchangeProgress::gone) return abandon();
  if (progress == ExchangeProgress::failed) return fail_exchange(current);
  judge_exchange(current);
  finish_exchange(current, progress);
}

void Session::fail_exchange(Exchange& exchange) {
  const bool is_stale = http_->is_pooled && exchange.was_server_silent() && exchange.status() == 502;
  if (is_stale && exchange.may_repeat()) {
    upstream::ServerLease lease = std::move(server_lease_);
    return apply(return_to_connect().connect_anew(std::move(lease)));
  }
  // That a connection died at rest says nothing of its server.
  const bool is_server_at_fault = exchange.status() >= 500 && !is_stale;
  judge_server(is_server_at_fault ? upstream::Outcome::failure : upstream::Outcome::none);
  if (repeat_exchange(exchange)) return apply(return_to_connect().retry());
  answer(exchange.status(), std::string(exchange.failure_reason()));
}

bool Session::repeat_exchange(const Exchange& exchange) {
  if (!exchange.may_repeat() || http_->is_repeated) return false;
  http_->is_repeated = http_->connect->claim_retry(RetryAt::another_server);
  return http_->is_repeated;
}

void Session::finish_exchange(const Exchange& exchange, ExchangeProgress progress) {
  record_->status = exchange.response_status();
  record_->body_bytes_sent = exchange.body_bytes_sent();
  record_->bytes_sent = exchange.bytes_sent();
  write_access_line();
  leave_server(exchange);
  if (progress == ExchangeProgress::finished) return finish_request();
  if (progress == ExchangeProgress::close_after) return end_after_answer();
  log_end("an answer was cut short", "the server or the client stopped");
  if (!exchange.ends_with_connection()) return begin_closing();
  client_->abort();
  close();
}

// A client that said it would close sends nothing more, which a reset could answer: it need not be waited for.
void Session::end_after_answer() {
  const bool is_last_said = !record_->head.keep_alive && http_->early_bytes.empty() && http_->unread.empty();
  is_last_said && !record_->head.body.has_bytes() ? close_when_flushed() : begin_closing();
}

void Session::leave_server(const Exchange& exchange) {
  if (!exchange.may_reuse_server() || has_server_ended_) return drop_server();
  const upstream::ServerState* const state = server_lease_.state();
  // The lease is what keeps the state: it goes last.
  worker_.connection_pool().give(*state, http_->connect->target(), std::move(server_), exchange.server_rest());
  server_lease_.release();
}

void Session::drop_server() noexcept {
  server_lease_.release();
  if (server_) server_->close();
}

void Session::answer(int status, std::string_view reason) { answer(Refusal{.status = status, .reason = reason}); }

void Session::answer(const Refusal& refusal) {
  http::OwnAnswer answer;
  answer.status = refusal.status;
  answer.extra = refusal.fields;
  if (answer.status == 503 && answer.extra.empty()) {
    answer.extra.emplace_back("Retry-After", retry_after(worker_.rng().next()));
  }
  const auto& snapshot = worker_.snapshot();
  const ErrorPages* const pages = http_->route ? http_->route->error_pages.get() : snapshot->error_pages.get();
  if (const ErrorPageContent* const page = pages != nullptr ? pages->find(answer.status) : nullptr) {
    answer.content = http::Content{page->type, page->body};
  }
  log_end("answered with an error of our own", refusal.reason);
  // Who broke the protocol, or is over the listener's limits, is not served on.
  const bool is_over_limits = !http_->route && refusal.status != 404;
  const bool is_last = refusal.status == 400 || refusal.status == 426 || is_over_limits;
  send_answer(std::move(answer), is_last ? KeepAlive::no : KeepAlive::yes);
}

void Session::answer(const Reply& reply) {
  http::OwnAnswer answer;
  answer.status = reply.status;
  answer.extra = reply.fields;
  answer.content = http::Content{reply.content_type, reply.body};
  send_answer(std::move(answer), KeepAlive::yes);
}

void Session::send_answer(http::OwnAnswer answer, KeepAlive wanted) {
  drop_server();
  const http::RequestHead& head = record_->head;
  // Only a request that was read to its end can be followed by another.
  const bool is_complete = !head.method.empty() && !head.body.has_bytes();
  const bool keeps_alive =
      wanted == KeepAlive::yes && is_complete && head.keep_alive && keep_alive_allowed() == KeepAlive::yes;
  answer.connection = keeps_alive ? http::ConnectionField::keep_alive : http::ConnectionField::close;
  answer.is_head_request = head.method == "HEAD";
  record_->status = answer.status;
  const RecordVariables variables(*record_, worker_.loop().now());
  std::optional<http::HeaderEdit> edit;
  if (http_->route && !http_->route->response_headers.is_empty()) {
    edit.emplace(http::HeaderEdit{http_->route->response_headers, variables});
    answer.edit = &*edit;
  }
  const std::string bytes = http::write_own_answer(answer);
  (void)send(*client_, bytes);
  record_->bytes_sent = bytes.size();
  write_access_line();
  keeps_alive ? finish_request() : begin_closing();
}

void Session::finish_request() {
  if (has_client_ended_) return begin_closing();
  http_->has_served = true;
  http_->is_repeated = false;
  http_->route.reset();
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
}

}  // namespace hawser::proxy
