#include "proxy/session.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace hawser::proxy {

void Session::start(WorkerContext& worker, ClientConnection client) {
  tls::TlsStream* const handshake = client.handshake;
  auto* const session = new Session(worker, std::move(client));  // owned by the worker's list until close()
  session->count_arrival();
  const config::ListenerTimeouts& timeouts = session->http_->listener->timeouts;
  if (handshake == nullptr) {
    session->begin_read_head(timeouts.request_head);
    session->client_->start_reading();
  } else {
    worker.loop().arm(session->timer_, timeouts.handshake);
    handshake->accept(*session);
  }
}

Session::Session(WorkerContext& worker, ClientConnection client)
    : worker_(worker),
      client_(std::move(client.stream)),
      listener_lease_(std::move(client.lease)),
      timer_(*this),
      http_(std::make_unique<HttpState>(std::move(client.listener))),
      id_(worker.next_session_id()) {
  http_->peer = client.peer;
  client_->set_observer(static_cast<SideObserver<Session, Peer::client>*>(this));
  worker_.add(*this);
}

Session::~Session() = default;

namespace {

limits::Rate one_second_of(std::uint64_t per_second) noexcept {
  const auto burst = std::min<std::uint64_t>(per_second, std::numeric_limits<std::uint32_t>::max());
  return {.per_second = static_cast<double>(burst), .burst = static_cast<std::uint32_t>(burst)};
}

}  // namespace

// For the limits of its listener, which its first request is told of.
void Session::count_arrival() {
  const ListenerOptions& listener = *http_->listener;
  if (listener.new_sessions_per_second) {
    const limits::Rate rate = one_second_of(*listener.new_sessions_per_second);
    http_->is_within_rate = listener.state->new_sessions().with(
        [&](limits::TokenBucket& bucket) { return bucket.try_take(rate, worker_.loop().now()); });
  }
  if (http_->peer && !is_in_any(worker_.snapshot()->trusted_proxies, http_->peer->address)) {
    count_address(http_->peer->address);
  }
}

Relay* Session::relay() noexcept {
  auto* const relay = std::get_if<std::unique_ptr<Relay>>(&stage_);
  return relay != nullptr ? relay->get() : nullptr;
}

Exchange* Session::exchange() noexcept {
  auto* const exchange = std::get_if<std::unique_ptr<Exchange>>(&stage_);
  return exchange != nullptr ? exchange->get() : nullptr;
}

KeepAlive Session::keep_alive_allowed() const noexcept {
  return worker_.is_draining() || has_client_said_all() ? KeepAlive::no : KeepAlive::yes;
}

bool Session::has_client_said_all() const noexcept {
  return has_client_ended_ && http_->early_bytes.empty() && http_->unread.empty();
}

void Session::on_stream_bytes(Peer side, std::span<std::byte> bytes) {
  if (is_closed_) return;
  if (Relay* const live = relay()) return apply(live->on_bytes(side, bytes));
  if (side == Peer::server) {
    if (std::holds_alternative<std::unique_ptr<Upgrading>>(stage_)) return read_upgrade_answer(bytes);
    if (Exchange* const current = exchange()) {
      const ExchangeProgress progress = current->on_server_bytes(bytes, keep_alive_allowed());
      judge_exchange(*current);
      apply(progress);
    }
    return;
  }
  if (std::holds_alternative<ReadHead>(stage_)) return read_requests(bytes);
  if (exchange() != nullptr) return feed_exchange(bytes);
  if (auto* const closing = std::get_if<Closing>(&stage_)) {
    closing->is_client_sending = true;
    return;
  }
  keep_early(bytes);
}

void Session::on_stream_end(Peer side, event::StreamEnd end) {
  if (is_closed_) return;
  (side == Peer::client ? has_client_ended_ : has_server_ended_) = true;
  if (Relay* const live = relay()) return apply(live->on_end(side, end));
  if (std::holds_alternative<Closing>(stage_)) return continue_closing();
  if (side == Peer::client) return on_client_end(end);
  if (Exchange* const current = exchange()) return apply(current->on_server_end(end));
  if (std::holds_alternative<std::unique_ptr<Upgrading>>(stage_)) fail_upgrade();
}

// A client may end its direction behind a whole request and wait for the answer (RFC 9112, section 9.6).
void Session::on_client_end(event::StreamEnd end) {
  if (!record_) return close_when_flushed();
  if (end != event::StreamEnd::finished) return abandon();
  if (Exchange* const current = exchange()) return apply(current->on_client_finished());
  const bool is_waiting = http_->service == Service::exchange && !record_->head.body.has_bytes();
  if (!is_waiting) abandon();
}

void Session::on_stream_drained(Peer side) {
  if (is_closed_) return;
  if (Relay* const live = relay()) return live->on_drained(side);
  if (std::holds_alternative<Closing>(stage_)) return continue_closing();
  if (std::holds_alternative<ReadHead>(stage_)) return resume_requests();
  Exchange* const current = exchange();
  if (current == nullptr) return;
  side == Peer::client ? current->on_client_drained() : current->on_server_drained();
}

void Session::on_handshake(Status outcome) {
  if (is_closed_) return;
  if (outcome) return begin_read_head(http_->listener->timeouts.request_head);
  if (worker_.logger().is_enabled(log::Level::debug)) {
    worker_.logger().write(log::Level::debug, log::LineBuilder("a TLS handshake failed")
                                                  .add("session", session_name(id_))
                                                  .add("error", outcome.error().message)
                                                  .text());
  }
  close();
}

void Session::on_connect_outcome(ConnectOutcome outcome) {
  if (!is_closed_) apply(std::move(outcome));
}

void Session::on_timer(event::Timer& /*timer*/) {
  if (Relay* const live = relay()) {
    if (!live->is_waiting()) return judge_server(upstream::Outcome::success);  // its first second is over
    return apply(live->on_timer());
  }
  if (Exchange* const current = exchange()) return apply(current->on_timer());
  if (std::holds_alternative<ReadHead>(stage_)) return on_head_timeout();
  if (std::holds_alternative<Closing>(stage_)) return on_closing_timeout();
  if (std::holds_alternative<Handshake>(stage_)) return close();
  on_upgrade_timeout();
}

void Session::end_if_idle() {
  // One that was just accepted may have its first request on the way, which deserves its answer.
  const bool is_idle =
      std::holds_alternative<ReadHead>(stage_) && http_->has_served && !http_->parser.has_partial_head();
  if (is_idle) close_when_flushed();
}

void Session::end(websocket::CloseCode code, std::string_view reason) {
  if (Relay* const live = relay()) return live->end(code, reason, websocket::StopAt::frame_boundary);
  if (!std::holds_alternative<Closing>(stage_)) close();
}

namespace {

// Of a relay that ended before its first second was over.
upstream::Outcome outcome_of(const RelayReport& report) {
  const bool is_servers_fault = report.by == ClosedBy::server && report.cause != CloseCause::close_frame;
  const bool is_broken_server = report.code == websocket::CloseCode::bad_gateway;
  return is_servers_fault || is_broken_server ? upstream::Outcome::failure : upstream::Outcome::success;
}

}  // namespace

void Session::apply(RelayProgress progress) {
  if (progress == RelayProgress::live) return;
  const RelayReport report = relay()->report();
  judge_server(outcome_of(report));
  if (report.cause == CloseCause::protocol_error) {
    log_end("a peer broke the WebSocket protocol", websocket::to_string(report.violation));
  }
  if (record_) {
    record_->relay = report;
    write_access_line();
  }
  begin_closing();
}

namespace {

// A peer that takes no more bytes, or never ends its side, is left after these.
constexpr Duration kFlushTimeout = std::chrono::seconds(30);
constexpr Duration kLingerTimeout = std::chrono::seconds(1);

}  // namespace

void Session::begin_closing() {
  server_lease_.release();
  stage_.emplace<Closing>(Closing{.began = worker_.loop().now()});
  timer_.disarm();
  if (server_ && has_server_ended_ && server_->pending_bytes() == 0) server_->close();
  for (event::ByteStream* stream : {client_.get(), server_.get()}) {
    if (stream == nullptr || stream->is_closed()) continue;
    stream->shutdown_write();
    stream->start_reading();  // what comes is dropped; unread bytes would turn our end into a reset
  }
  continue_closing();
}

void Session::continue_closing() {
  const std::size_t pending = pending_bytes();
  const bool is_server_done = !server_ || server_->is_closed() || has_server_ended_;
  if (pending == 0 && has_client_ended_ && is_server_done) return close();
  std::get<Closing>(stage_).pending = pending;
  worker_.loop().arm(timer_, pending == 0 ? kLingerTimeout : kFlushTimeout);
}

// Whoever still takes bytes, however slowly, gets them all; who still sends is listened to for a while, since a reset
// would take our answer from it.
void Session::on_closing_timeout() {
  Closing& closing = std::get<Closing>(stage_);
  const bool is_taking = pending_bytes() < closing.pending;
  const bool is_sending =
      std::exchange(closing.is_client_sending, false) && worker_.loop().now() - closing.began < kFlushTimeout;
  is_taking || is_sending ? continue_closing() : close();
}

std::size_t Session::pending_bytes() const noexcept {
  return client_->pending_bytes() + (server_ ? server_->pending_bytes() : 0);
}

void Session::close_when_flushed() {
  if (pending_bytes() > 0) return begin_closing();
  client_->shutdown_write();  // TLS says goodbye too
  close();
}

void Session::abandon() {
  if (const Exchange* const current = exchange()) note_answer(*current);
  record_->status = 499;
  close();
}

void Session::close() {
  if (is_closed_) return;
  is_closed_ = true;
  if (Relay* const live = relay(); live != nullptr && record_) record_->relay = live->report();
  if (const Exchange* const current = exchange(); current != nullptr && record_->status == 0) note_answer(*current);
  write_access_line();
  timer_.disarm();
  if (auto* const connect = std::get_if<std::unique_ptr<Connect>>(&stage_); connect != nullptr && *connect) {
    (*connect)->cancel();
  }
  client_->close();
  if (server_) server_->close();
  server_lease_.release();
  worker_.remove(*this);
  worker_.loop().dispose(std::unique_ptr<Session>(this));
}

void Session::write_access_line() {
  const AccessLogging& access = worker_.snapshot()->access;
  if (!access.log || !record_ || std::exchange(record_->is_logged, true)) return;
  std::string line;
  access.format.expand(RecordVariables(*record_, worker_.loop().now()), line);
  access.log->write(line);
}

void Session::log_end(std::string_view message, std::string_view reason) {
  if (!worker_.logger().is_enabled(log::Level::info)) return;
  log::LineBuilder line(message);
  line.add("session", session_name(id_)).add("reason", reason);
  if (route_) line.add("route", route_->name);
  worker_.logger().write(log::Level::info, line.text());
}

}  // namespace hawser::proxy
