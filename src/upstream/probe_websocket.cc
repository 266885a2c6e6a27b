#include "upstream/probe_websocket.h"

#include <utility>

#include "base/ascii.h"
#include "base/secure_random.h"
#include "upstream/probe_request.h"
#include "websocket/close_frame.h"
#include "websocket/handshake.h"

namespace hawser::upstream {

using websocket::Opcode;

namespace {

constexpr std::size_t kPingBytes = 16;

std::string random_payload() {
  std::string payload(kPingBytes, '\0');
  fill_random(std::as_writable_bytes(std::span(payload)));
  return payload;
}

std::string close_text() {
  const websocket::CloseFrame frame(websocket::CloseCode::normal, "", websocket::Masking::masked);
  return {reinterpret_cast<const char*>(frame.bytes().data()), frame.bytes().size()};
}

std::string closed_reason(websocket::CloseCode code, std::string_view awaited) {
  const std::string number = std::to_string(static_cast<unsigned>(code));
  return ("the server sent a Close frame (" + number + ") before ").append(awaited);
}

}  // namespace

WebsocketProbe::WebsocketProbe(std::shared_ptr<const config::HealthCheck> options, std::string_view server)
    : options_(std::move(options)),
      request_(make_websocket_probe(*options_, server)),
      search_(options_->receive),
      ping_(random_payload()) {}

ProbeStep WebsocketProbe::start() { return {.write = probe_text(request_)}; }

ProbeStep WebsocketProbe::feed(std::span<const std::byte> bytes) {
  if (stage_ == Stage::upgrade) {
    if (ProbeStep step = read_answer(bytes); step.verdict || stage_ == Stage::upgrade) return step;
  }
  return read_frames(bytes);
}

std::string_view WebsocketProbe::awaited() const noexcept {
  switch (stage_) {
    case Stage::upgrade:
      return "the answer to the upgrade";
    case Stage::pong:
      return "the answer to the ping";
    case Stage::message:
      break;
  }
  return "the expected text";
}

ProbeStep WebsocketProbe::read_answer(std::span<const std::byte>& bytes) {
  const http::ParseStep parsed = answer_.step(bytes);
  bytes = bytes.subspan(parsed.consumed);
  if (parsed.event == http::ParseEvent::need_more) return {};
  if (parsed.event == http::ParseEvent::error) return failed_step("malformed answer: " + answer_.error().reason);
  if (const Status status = check_answer(answer_.take_head()); !status)
    return failed_step(status.error().message, Parting::server_first);
  stage_ = Stage::pong;
  output_ = masked_frame(Opcode::ping, ping_);
  return {};
}

Status WebsocketProbe::check_answer(const http::ResponseHead& answer) const {
  const auto refuse = [](std::string reason) { return failure(ErrorCode::malformed, std::move(reason), Side::server); };
  if (answer.status != 101) return refuse("status " + std::to_string(answer.status) + ", expected 101");
  if (auto checked = websocket::check_upgrade_response(request_, answer); !checked) return checked;
  if (options_->subprotocol.empty()) return {};
  const auto chosen = answer.headers.find("Sec-WebSocket-Protocol");
  if (!chosen) return refuse("101 without the subprotocol");
  if (trim(*chosen) != options_->subprotocol) return refuse("101 with another subprotocol");
  return {};
}

ProbeStep WebsocketProbe::read_frames(std::span<const std::byte> bytes) {
  frames_.feed(bytes);
  while (const auto piece = frames_.next()) {
    if (piece->opcode == Opcode::close) return failed_step(closed_reason(frames_.close_code(), awaited()));
    take(*piece);
    if (is_satisfied()) {
      return {.write = take_output() + close_text(), .verdict = Status{}, .parting = Parting::server_first};
    }
  }
  if (frames_.violation() != websocket::Violation::none) {
    return failed_step(std::string("the server broke the protocol: ") + to_string(frames_.violation()));
  }
  return {.write = take_output()};
}

void WebsocketProbe::take(const FramePiece& piece) {
  switch (piece.opcode) {
    case Opcode::ping:
      last_ping_ = piece.payload;
      break;
    case Opcode::pong:
      take_pong(piece.payload);
      break;
    default:
      take_message(piece);
      break;
  }
}

void WebsocketProbe::take_pong(std::string_view payload) {
  if (stage_ != Stage::pong || payload != ping_) return;
  stage_ = Stage::message;
  if (!options_->send.empty()) output_ += masked_frame(Opcode::text, options_->send);
}

void WebsocketProbe::take_message(const FramePiece& piece) {
  if (piece.begins_message) {
    counts_message_ = piece.opcode == Opcode::text && (options_->send.empty() || stage_ == Stage::message);
    search_.restart();
  }
  if (!counts_message_) return;
  search_.feed(piece.payload);
  if (piece.ends_message && search_.is_found()) has_received_ = true;
}

bool WebsocketProbe::is_satisfied() const noexcept {
  return stage_ == Stage::message && (options_->receive.empty() || has_received_);
}

std::string WebsocketProbe::take_output() {
  if (last_ping_) output_ += masked_frame(Opcode::pong, *std::exchange(last_ping_, std::nullopt));
  return std::exchange(output_, {});
}

}  // namespace hawser::upstream
