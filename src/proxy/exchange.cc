#include "proxy/exchange.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

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

}  // namespace

Exchange::Exchange(event::Loop& loop, event::Timer& timer, event::ByteStream& client, event::ByteStream& server,
                   const http::RequestHead& request, http::RequestParser& request_parser,
                   config::UpstreamTimeouts timeouts)
    : loop_(loop),
      timer_(timer),
      client_(client),
      server_(server),
      request_(request),
      request_parser_(request_parser),
      response_parser_(response_limits(), kind_of(request)),
      timeouts_(timeouts),
      to_server_(server, request.body.kind),
      is_request_complete_(!request.body.has_bytes()) {
  loop_.arm(timer_, timeouts_.response_head);
}

ExchangeProgress Exchange::resume_with(const http::ResponseHead& head, http::ResponseParser parser, KeepAlive allowed) {
  response_parser_ = std::move(parser);
  begin_response(head, allowed);
  return ExchangeProgress::live;
}

ExchangeProgress Exchange::on_client_bytes(std::span<const std::byte>& input) {
  note_progress();
  while (!is_request_complete_) {
    const http::ParseStep step = request_parser_.step(input);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case ParseEvent::need_more:
        return ExchangeProgress::live;
      case ParseEvent::body:
        if (to_server_.write(step.body) == WriteResult::blocked) client_.stop_reading();
        break;
      case ParseEvent::end:
        to_server_.finish();
        is_request_complete_ = true;
        break;
      case ParseEvent::head:
      case ParseEvent::error:
        return to_client_ ? ExchangeProgress::cut
                          : fail(request_parser_.error().status, request_parser_.error().reason);
    }
  }
  return ExchangeProgress::live;
}

ExchangeProgress Exchange::on_server_bytes(std::span<const std::byte> input, KeepAlive allowed) {
  note_progress();
  for (;;) {
    const http::ParseStep step = response_parser_.step(input);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case ParseEvent::need_more:
        return ExchangeProgress::live;
      case ParseEvent::head:
        pass_on_head(allowed);
        break;
      case ParseEvent::body: {
        const WriteResult written = to_client_->write(step.body);
        if (written == WriteResult::broken) return ExchangeProgress::cut;
        if (written == WriteResult::blocked) server_.stop_reading();
        break;
      }
      case ParseEvent::end:
        if (to_client_) return finish_response();
        response_parser_.reset_after_interim();
        break;
      case ParseEvent::error:
        return to_client_ ? ExchangeProgress::cut : fail(502, response_parser_.error().reason);
    }
  }
}

ExchangeProgress Exchange::on_server_end(event::StreamEnd end) {
  if (!to_client_) {
    has_server_broken_off_ = true;
    return fail(502, "the server closed the connection before it answered");
  }
  return end == event::StreamEnd::finished && response_parser_.finish() ? finish_response() : ExchangeProgress::cut;
}

bool Exchange::may_repeat() const noexcept {
  constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return has_server_broken_off_ && head_bytes_sent_ == 0 && !request_.body.has_bytes() &&
         std::ranges::find(kIdempotent, request_.method) != kIdempotent.end();
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

void Exchange::send_interim(const http::ResponseHead& head) {
  if (request_.version == http::Version::http_1_0) return;  // RFC 9110, section 15.2
  send_to_client(http::write_response_head(head, {}, http::ConnectionField::keep_alive));
}

void Exchange::begin_response(const http::ResponseHead& head, KeepAlive allowed) {
  response_status_ = head.status;
  const http::BodyFraming framing = client_framing(head, request_.version);
  keeps_alive_ = allowed == KeepAlive::yes && request_.keep_alive && framing.kind != BodyKind::until_close;
  const auto connection = keeps_alive_ ? http::ConnectionField::keep_alive : http::ConnectionField::close;
  send_to_client(http::write_response_head(head, framing, connection));
  to_client_.emplace(client_, framing.kind);
  has_progressed_ = false;
  loop_.arm(timer_, timeouts_.read);
}

void Exchange::send_to_client(const std::string& bytes) noexcept {
  head_bytes_sent_ += bytes.size();
  if (client_.write(std::as_bytes(std::span(bytes))) == WriteResult::blocked) server_.stop_reading();
}

ExchangeProgress Exchange::finish_response() {
  to_client_->finish();
  // A request whose body is not all in cannot be followed by another: the rest of it would have to be read first.
  return keeps_alive_ && is_request_complete_ ? ExchangeProgress::finished : ExchangeProgress::close_after;
}

void Exchange::on_client_drained() noexcept {
  note_progress();
  server_.start_reading();
}

void Exchange::on_server_drained() noexcept {
  note_progress();
  if (!is_request_complete_) client_.start_reading();
}

ExchangeProgress Exchange::on_timer() {
  // Progress moves no timer: it is looked at when the timer fires. A slow reader progresses as long as what waits for
  // it shrinks.
  const std::size_t pending = client_.pending_bytes() + server_.pending_bytes();
  if (pending < std::exchange(last_pending_, pending)) note_progress();
  if (std::exchange(has_progressed_, false)) {
    loop_.arm(timer_, to_client_ ? timeouts_.read : timeouts_.response_head);
    return ExchangeProgress::live;
  }
  if (to_client_) return ExchangeProgress::cut;
  return is_request_complete_ ? fail(504, "the server did not answer in time")
                              : fail(408, "the request body did not come in time");
}

}  // namespace hawser::proxy
