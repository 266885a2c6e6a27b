// A session while a plain request and its answer pass.
#include <string>
#include <utility>
#include <vector>

#include "proxy/session.h"

namespace hawser::proxy {

Exchange& Session::emplace_exchange() {
  ExchangeOptions options;
  options.body = http_->route->timeouts.body.value_or(http_->listener->timeouts.body);
  options.response_head = http_->timeouts.response_head;
  options.read = http_->timeouts.read;
  options.max_body_size = http_->route->max_body_size;
  options.response_rules = &http_->route->response_headers;
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

// Answers below 500 show that the server works. What others show depends on the application: nothing.
void Session::judge_exchange(const Exchange& exchange) {
  if (server_lease_.is_judged() || exchange.response_status() == 0) return;
  judge_server(exchange.response_status() < 500 ? upstream::Outcome::success : upstream::Outcome::none);
}

void Session::apply(ExchangeProgress progress) {
  if (progress == ExchangeProgress::live) return;
  Exchange& current = *exchange();
  record_->upstream_status = current.response_status();
  if (progress == ExchangeProgress::failed) return fail_exchange(current);
  if (progress == ExchangeProgress::gone) return abandon();
  note_answer(current);
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
  write_access_line();
  leave_server(exchange);
  if (progress == ExchangeProgress::finished) return finish_request();
  if (progress == ExchangeProgress::close_after) return begin_closing();
  log_end("an answer was cut short", "the server or the client stopped");
  if (!exchange.ends_with_connection()) return begin_closing();
  client_->abort();
  close();
}

void Session::note_answer(const Exchange& exchange) {
  record_->status = record_->upstream_status = exchange.response_status();
  record_->body_bytes_sent = exchange.body_bytes_sent();
  record_->bytes_sent = exchange.bytes_sent();
}

void Session::leave_server(const Exchange& exchange) {
  if (!exchange.may_reuse_server() || has_server_ended_) return drop_server();
  const upstream::ServerState* const state = server_lease_.state();
  // The lease is what keeps the state: it goes last.
  worker_.connection_pool().give(*state, http_->connect->target(), std::move(server_), exchange.server_rest());
  server_lease_.release();
}

}  // namespace hawser::proxy
