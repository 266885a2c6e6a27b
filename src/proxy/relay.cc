#include "proxy/relay.h"

#include <chrono>

#include "websocket/close_frame.h"

namespace hawser::proxy {

using event::StreamEnd;
using websocket::CloseCode;
using websocket::CloseFrame;
using websocket::Masking;

namespace {

// How long one direction lives on after the other ended.
constexpr Duration kOtherEndTimeout = std::chrono::seconds(10);
// How long a connection may stay open once both sides have said Close.
constexpr Duration kBothClosedTimeout = std::chrono::seconds(5);
// How long a Close frame may stay unanswered.
constexpr Duration kCloseTimeout = std::chrono::seconds(30);
// How long a server may still answer a client that broke the protocol.
constexpr Duration kServerAnswerTimeout = std::chrono::seconds(1);

}  // namespace

const char* to_string(ClosedBy by) noexcept {
  switch (by) {
    case ClosedBy::nobody:
      return "nobody";
    case ClosedBy::client:
      return "client";
    case ClosedBy::server:
      return "server";
    case ClosedBy::hawser:
      return "hawser";
  }
  return "nobody";
}

const char* to_string(CloseCause cause) noexcept {
  switch (cause) {
    case CloseCause::none:
      return "none";
    case CloseCause::close_frame:
      return "close_frame";
    case CloseCause::connection_end:
      return "connection_end";
    case CloseCause::connection_reset:
      return "connection_reset";
    case CloseCause::protocol_error:
      return "protocol_error";
    case CloseCause::shutdown:
      return "shutdown";
  }
  return "none";
}

Relay::Relay(event::Loop& loop, event::Timer& timer, event::ByteStream& client, event::ByteStream& server,
             websocket::Extensions extensions) noexcept
    : loop_(loop),
      timer_(timer),
      client_(client),
      server_(server),
      to_server_(client, server, Masking::masked, extensions),
      to_client_(server, client, Masking::unmasked, extensions) {
  timer_.disarm();
}

RelayProgress Relay::on_bytes(Peer from, std::span<std::byte> bytes) noexcept {
  const PipeEvent event = pipe_from(from).feed(bytes);
  return event == PipeEvent::none ? RelayProgress::live : handle(from, event);
}

RelayProgress Relay::handle(Peer from, PipeEvent event) noexcept {
  switch (event) {
    case PipeEvent::none:
      break;
    case PipeEvent::close_frame:
      return handle_close(from);
    case PipeEvent::broken_sink:
      return handle_broken(from == Peer::client ? Peer::server : Peer::client);
    case PipeEvent::boundary:
      tell_client(end_code_, end_reason_);
      break;
    case PipeEvent::violation:
      return from == Peer::client ? handle_client_violation() : handle_server_violation();
  }
  return RelayProgress::live;
}

RelayProgress Relay::handle_close(Peer from) noexcept {
  if (from == Peer::server && waiting_ == Waiting::server_answer) return finish_client_violation();
  record(pipe_from(from).close_code(), from == Peer::client ? ClosedBy::client : ClosedBy::server,
         CloseCause::close_frame);
  if (have_both_said_close()) {
    if (has_client_ended_ || has_server_ended_) return finish();
    wait_for(Waiting::other_end, kBothClosedTimeout);
  } else if (waiting_ == Waiting::nothing) {
    wait_for(Waiting::other_end, kCloseTimeout);
  }
  return RelayProgress::live;
}

// The dead peer's last bytes may still be there to be read, and its end comes behind them, unless nobody reads it: a
// peer that is paused for a slow other side is found dead here and not waited for.
RelayProgress Relay::handle_broken(Peer dead) noexcept {
  if (pipe_from(dead).is_paused()) return on_end(dead, StreamEnd::reset);
  if (waiting_ == Waiting::nothing) wait_for(Waiting::other_end, kOtherEndTimeout);
  return RelayProgress::live;
}

RelayProgress Relay::handle_client_violation() noexcept {
  record(CloseCode::protocol_error, ClosedBy::hawser, CloseCause::protocol_error);
  tell_server(CloseCode::protocol_error);
  if (to_client_.is_discarding() || has_server_ended_) return finish_client_violation();
  to_client_.withhold_close();
  wait_for(Waiting::server_answer, kServerAnswerTimeout);
  return RelayProgress::live;
}

RelayProgress Relay::finish_client_violation() noexcept {
  if (to_client_.is_at_frame_boundary()) tell_client(CloseCode::protocol_error, "protocol error");
  return finish();
}

RelayProgress Relay::handle_server_violation() noexcept {
  record(CloseCode::bad_gateway, ClosedBy::hawser, CloseCause::protocol_error);
  if (waiting_ == Waiting::server_answer) return finish_client_violation();
  if (!to_server_.is_discarding() && to_server_.is_at_frame_boundary()) tell_server(CloseCode::protocol_error);
  tell_client(CloseCode::bad_gateway, "invalid frames from the server");
  return finish();
}

RelayProgress Relay::on_end(Peer from, StreamEnd end) noexcept {
  const bool is_client = from == Peer::client;
  (is_client ? has_client_ended_ : has_server_ended_) = true;
  const bool is_clean = end == StreamEnd::finished;
  const CloseCause cause = is_clean ? CloseCause::connection_end : CloseCause::connection_reset;
  if (is_client) {
    record(CloseCode::abnormal, ClosedBy::client, cause);
    if (waiting_ == Waiting::server_answer && is_clean) return RelayProgress::live;  // it may still read its Close
  } else if (waiting_ == Waiting::server_answer) {
    return finish_client_violation();
  } else if (code_ == CloseCode::none) {
    // Nobody said goodbye: the client hears the truth, unless the server died in the middle of a frame.
    const bool can_tell = to_client_.is_at_frame_boundary();
    record(can_tell ? CloseCode::internal_error : CloseCode::abnormal, ClosedBy::server, cause);
    if (can_tell) tell_client(CloseCode::internal_error, "the server closed the connection");
  }
  if (!is_clean || have_both_said_close() || (has_client_ended_ && has_server_ended_)) return finish();
  tell_awaited_end();
  stream_of(is_client ? Peer::server : Peer::client).shutdown_write();
  wait_for(Waiting::other_end, kOtherEndTimeout);
  return RelayProgress::live;
}

void Relay::on_drained(Peer at) noexcept {
  // The stream that has room again is the sink of the pipe from the other side.
  pipe_from(at == Peer::client ? Peer::server : Peer::client).resume();
}

RelayProgress Relay::on_timer() noexcept {
  return waiting_ == Waiting::server_answer ? finish_client_violation() : finish();
}

void Relay::end(CloseCode code, std::string_view reason, websocket::StopAt boundary) {
  if (end_code_ != CloseCode::none || code_ != CloseCode::none || to_client_.is_discarding()) return;
  record(code, ClosedBy::hawser, CloseCause::shutdown);
  end_code_ = code;
  end_reason_ = reason;
  if (to_client_.stop_at(boundary)) tell_client(end_code_, end_reason_);
  wait_for(Waiting::other_end, kCloseTimeout);
}

RelayProgress Relay::finish() noexcept {
  tell_awaited_end();
  to_server_.discard();
  to_client_.discard();
  client_.shutdown_write();
  server_.shutdown_write();
  return RelayProgress::done;
}

void Relay::tell_client(CloseCode code, std::string_view reason) noexcept {
  to_client_.end_with(CloseFrame(code, reason, Masking::unmasked).bytes());
}

void Relay::tell_server(CloseCode code) noexcept { to_server_.end_with(CloseFrame(code, {}, Masking::masked).bytes()); }

// The boundary that end() awaits will not come any more.
void Relay::tell_awaited_end() noexcept {
  if (end_code_ != CloseCode::none && to_client_.is_at_frame_boundary()) tell_client(end_code_, end_reason_);
}

void Relay::record(CloseCode code, ClosedBy by, CloseCause cause) noexcept {
  if (cause_ != CloseCause::none) return;  // the first event is the reason, what follows is its echo
  code_ = code;
  by_ = by;
  cause_ = cause;
}

void Relay::wait_for(Waiting what, Duration at_most) noexcept {
  waiting_ = what;
  loop_.arm(timer_, at_most);
}

RelayReport Relay::report() const {
  RelayReport report;
  report.code = code_;
  report.by = by_;
  report.cause = cause_;
  if (cause_ == CloseCause::close_frame) {
    const std::string* const reason = (by_ == ClosedBy::client ? to_server_ : to_client_).close_reason();
    if (reason != nullptr) report.reason = *reason;
  } else if (cause_ == CloseCause::shutdown) {
    report.reason = end_reason_;
  }
  report.violation =
      to_server_.violation() != websocket::Violation::none ? to_server_.violation() : to_client_.violation();
  report.messages_in = to_server_.messages();
  report.messages_out = to_client_.messages();
  report.bytes_in = to_server_.bytes();
  report.bytes_out = to_client_.bytes();
  return report;
}

}  // namespace hawser::proxy
