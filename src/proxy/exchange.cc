#include "proxy/exchange.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "http/keep_alive.h"
#include "http/rewrite.h"
#include "proxy/upgrade.h"

namespace hawser::proxy {

using event::WriteResult;
using http::BodyKind;
using http::ParseEvent;

namespace {

http::ResponseTo kind_of(const http::RequestHead& request) {
  return request.method == "HEAD" ? http::ResponseTo::head_request : http::ResponseTo::other;
}

// How the body reaches the client: as the server framed it, but for what only the end of a connection delimits, which
// is chunked where the client knows chunks.
http::BodyFraming client_framing(const http::ResponseHead& head, http::Version client) {
  const bool has_open_end = head.body.kind == BodyKind::until_close || head.body.kind == BodyKind::chunked;
  if (!has_open_end) return head.body;
  return {client == http::Version::http_1_1 ? BodyKind::chunked : BodyKind::until_close, 0};
}

// A server that is mistaken about bodies sends it all the same, if later.
bool announces_absent_body(const http::ResponseHead& head) {
  if (head.body.kind != BodyKind::none) return false;
  return head.headers.find("Transfer-Encoding") || head.headers.find("Content-Length").value_or("0") != "0";
}

// Less than the server will wait, so that its end does not cross our next request.
std::optional<Duration> rest_allowed(const http::ResponseHead& head) noexcept {
  const auto timeout = http::keep_alive_timeout(head.headers);
  return timeout ? std::optional(*timeout - std::chrono::seconds(1)) : std::nullopt;
}

}  // namespace

Exchange::Exchange(const ExchangeParts& parts, const ExchangeOptions& options)
    : parts_(parts),
      options_(options),
      response_parser_(response_limits(), kind_of(parts.record.head)),
      to_server_(parts.server, parts.write_buffer),
      to_client_(parts.client, parts.write_buffer),
      is_request_complete_(!parts.record.head.body.has_bytes()) {
  to_server_.begin_body(request().body.kind);
  wait_at_most(current_limit());
}

ExchangeProgress Exchange::start(std::span<const std::byte>& early) {
  const ExchangeProgress progress = read_body(early);
  send_to_server();
  return progress;
}

ExchangeProgress Exchange::resume_with(const http::ResponseHead& head, http::ResponseParser parser,
                                       std::span<const std::byte> rest, KeepAlive allowed) {
  response_parser_ = std::move(parser);
  begin_response(head, allowed);
  return take_response(rest, allowed);
}

ExchangeProgress Exchange::on_client_bytes(std::span<const std::byte>& input) {
  note_progress();
  const ExchangeProgress progress = read_body(input);
  send_to_server();
  return progress;
}

ExchangeProgress Exchange::read_body(std::span<const std::byte>& input) {
  while (!is_request_complete_) {
    const http::ParseStep step = parts_.request_parser.step(input);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case ParseEvent::need_more:
        return ExchangeProgress::live;
      case ParseEvent::body:
        if (options_.max_body_size && to_server_.body_bytes() + step.body.size() > *options_.max_body_size) {
          return break_off(413, "the request body is larger than max_body_size");
        }
        to_server_.add_body(step.body);
        break;
      case ParseEvent::end:
        finish_request();
        break;
      case ParseEvent::head:
      case ParseEvent::error:
        return break_off(parts_.request_parser.error().status, parts_.request_parser.error().reason);
    }
  }
  return ExchangeProgress::live;
}

void Exchange::finish_request() {
  to_server_.finish(parts_.request_parser.take_trailers());
  is_request_complete_ = true;
  if (is_reading_answer_) return;
  has_progressed_ = false;
  wait_at_most(current_limit());
}

// A server that takes no more may have answered already: what it says is worth waiting for.
void Exchange::send_to_server() noexcept {
  const WriteResult written = to_server_.flush();
  if (written == WriteResult::blocked) parts_.client.stop_reading();
  if (written == WriteResult::broken) has_server_hung_up_ = true;
}

// The client broke the rules.
ExchangeProgress Exchange::break_off(int status, std::string_view reason) {
  to_server_.discard();
  return has_begun() ? ExchangeProgress::cut : fail(status, std::string(reason));
}

ExchangeProgress Exchange::on_server_bytes(std::span<const std::byte> input, KeepAlive allowed) {
  if (response_status_ != 0) note_progress();  // a head that drips is none
  has_server_spoken_ = true;
  return take_response(input, allowed);
}

ExchangeProgress Exchange::take_response(std::span<const std::byte> input, KeepAlive allowed) {
  ExchangeProgress progress = read_response(input, allowed);
  if (is_response_complete_ && !input.empty()) {
    keeps_server_ = false;
    // Behind an answer that has no body many servers send the one it would have had: to HEAD, for one.
    if (!has_begun() && client_framing_ != BodyKind::none) progress = fail(502, "bytes beyond the end of the answer");
  }
  return send_on(progress);
}

ExchangeProgress Exchange::read_response(std::span<const std::byte>& input, KeepAlive allowed) {
  for (;;) {
    const http::ParseStep step = response_parser_.step(input);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case ParseEvent::need_more:
        return ExchangeProgress::live;
      case ParseEvent::head:
        pass_on_head(allowed);
        break;
      case ParseEvent::body:
        to_client_.add_body(step.body);
        break;
      case ParseEvent::end:
        if (response_status_ != 0) return finish_response();
        response_parser_.reset_after_interim();
        break;
      case ParseEvent::error:
        return has_begun() ? ExchangeProgress::cut : fail(502, response_parser_.error().reason);
    }
  }
}

// Writes what was gathered for the client, unless another answer takes its place.
ExchangeProgress Exchange::send_on(ExchangeProgress progress) noexcept {
  if (progress == ExchangeProgress::failed) {
    to_client_.discard();
    return progress;
  }
  const WriteResult written = to_client_.flush();
  if (written == WriteResult::broken) return ExchangeProgress::gone;
  if (progress != ExchangeProgress::live) return progress;
  if (written == WriteResult::blocked) parts_.server.stop_reading();
  if (response_status_ != 0 && !std::exchange(is_reading_answer_, true)) {
    has_progressed_ = false;
    wait_at_most(current_limit());
  }
  return progress;
}

ExchangeProgress Exchange::on_server_end(event::StreamEnd end) {
  keeps_server_ = false;
  if (response_status_ == 0) {
    has_server_broken_off_ = true;
    return fail(502, "the server closed the connection before it answered");
  }
  if (end != event::StreamEnd::finished || !response_parser_.finish()) return ExchangeProgress::cut;
  return send_on(finish_response());
}

bool may_be_repeated(const http::RequestHead& request) noexcept {
  constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return !request.body.has_bytes() && std::ranges::find(kIdempotent, request.method) != kIdempotent.end();
}

bool Exchange::may_repeat() const noexcept {
  return has_server_broken_off_ && to_client_.bytes_sent() == 0 && may_be_repeated(request());
}

bool Exchange::may_reuse_server() const noexcept {
  const bool is_request_sent = is_request_complete_ && !has_server_hung_up_ && parts_.server.pending_bytes() == 0;
  return is_response_complete_ && keeps_server_ && is_request_sent;
}

ExchangeProgress Exchange::fail(int status, std::string reason) {
  failure_status_ = status;
  failure_reason_ = std::move(reason);
  return ExchangeProgress::failed;
}

void Exchange::pass_on_head(KeepAlive allowed) {
  const http::ResponseHead head = response_parser_.take_head();
  if (head.status < 200) return send_interim(head);
  begin_response(head, allowed);
}

// At once: who waits for it must not wait for what comes behind. Rules speak of the final answer.
void Exchange::send_interim(const http::ResponseHead& head) {
  note_progress();
  if (request().version == http::Version::http_1_0) return;  // RFC 9110, section 15.2
  http::append_response_head(to_client_.gathered(), head, {}, http::ConnectionField::keep_alive);
  if (to_client_.flush() == WriteResult::blocked) parts_.server.stop_reading();
  interim_bytes_ = to_client_.bytes_sent();
}

void Exchange::begin_response(const http::ResponseHead& head, KeepAlive allowed) {
  response_status_ = head.status;
  const http::BodyFraming framing = client_framing(head, request().version);
  client_framing_ = framing.kind;
  keeps_client_ = allowed == KeepAlive::yes && request().keep_alive && framing.kind != BodyKind::until_close;
  keeps_server_ = head.keep_alive && head.body.kind != BodyKind::until_close && !announces_absent_body(head);
  if (keeps_server_) server_rest_ = rest_allowed(head);
  write_head(head, framing, keeps_client_ ? http::ConnectionField::keep_alive : http::ConnectionField::close);
  to_client_.begin_body(framing.kind);
}

void Exchange::write_head(const http::ResponseHead& head, const http::BodyFraming& framing,
                          http::ConnectionField connection) {
  if (options_.response_rules == nullptr) {
    return http::append_response_head(to_client_.gathered(), head, framing, connection);
  }
  const RecordVariables variables(parts_.record, parts_.loop.now());
  const http::HeaderEdit edit{*options_.response_rules, variables};
  http::append_response_head(to_client_.gathered(), head, framing, connection, &edit);
}

ExchangeProgress Exchange::finish_response() {
  is_response_complete_ = true;
  to_client_.finish(response_parser_.take_trailers());
  // A request whose body is not all in cannot be followed by another: the rest of it would have to be read first.
  return keeps_client_ && is_request_complete_ ? ExchangeProgress::finished : ExchangeProgress::close_after;
}

ExchangeProgress Exchange::on_client_finished() noexcept {
  if (!is_request_complete_) return ExchangeProgress::gone;
  has_client_finished_ = true;
  has_progressed_ = false;
  wait_at_most(current_limit());
  return ExchangeProgress::live;
}

void Exchange::on_client_drained() noexcept {
  note_progress();
  parts_.server.start_reading();
}

// Behind a whole request, too: a client that leaves must be noticed.
void Exchange::on_server_drained() noexcept {
  note_progress();
  parts_.client.start_reading();
}

void Exchange::wait_at_most(Duration limit) noexcept { parts_.loop.arm(parts_.timer, limit); }

Duration Exchange::current_limit() const noexcept {
  if (has_client_finished_) return kPatienceAfterEnd;
  if (response_status_ != 0) return options_.read;
  return is_request_complete_ ? options_.response_head : options_.body;
}

ExchangeProgress Exchange::on_timer() {
  // Progress moves no timer: it is looked at when the timer fires. A slow reader progresses as long as what waits for
  // it shrinks.
  const std::size_t pending = parts_.client.pending_bytes() + parts_.server.pending_bytes();
  if (pending < std::exchange(last_pending_, pending)) note_progress();
  if (std::exchange(has_progressed_, false)) {
    wait_at_most(current_limit());
    return ExchangeProgress::live;
  }
  if (has_client_finished_) return ExchangeProgress::gone;
  if (has_begun()) return ExchangeProgress::cut;
  const bool is_server_late = is_request_complete_ || parts_.server.pending_bytes() > 0;
  return is_server_late ? fail(504, "the server did not answer in time")
                        : fail(408, "the request body did not come in time");
}

}  // namespace hawser::proxy
