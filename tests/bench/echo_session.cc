#include "echo_session.h"

#include <array>
#include <string_view>

#include "handshake.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kMaxHead = 32768;
constexpr std::size_t kKeptCapacity = 65536;

void append(std::vector<unsigned char>& to, ConstBytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void append_text(std::vector<unsigned char>& to, std::string_view text) {
  to.insert(to.end(), text.begin(), text.end());
}

}  // namespace

EchoSession::State EchoSession::on_readable(Bytes scratch) {
  const IoResult result = receive(descriptor_.get(), scratch);
  if (result.state == IoState::blocked) return State::reading;
  if (result.state != IoState::ok) return State::finished;
  Bytes fresh = scratch.first(result.size);
  if (inbox_.empty()) {
    const std::size_t used = consume(fresh);
    append(inbox_, fresh.subspan(used));
  } else {
    append(inbox_, fresh);
    const std::size_t used = consume(inbox_);
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  return flush();
}

EchoSession::State EchoSession::on_writable() { return flush(); }

std::size_t EchoSession::consume(Bytes bytes) {
  std::size_t used = 0;
  while (!is_ending_ && used < bytes.size()) {
    const std::size_t step = is_upgraded_ ? answer_frame(bytes.subspan(used)) : answer_request(bytes.subspan(used));
    if (step == 0) break;
    used += step;
  }
  return used;
}

std::size_t EchoSession::answer_request(ConstBytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    is_ending_ = bytes.size() > kMaxHead;
    return 0;
  }
  const std::string_view head = text.substr(0, end);
  if (const auto key = header_value(head, "sec-websocket-key")) {
    append_text(outbox_, upgrade_response(*key));
    is_upgraded_ = true;
  } else {
    is_ending_ = answers_.answer(head, outbox_) == HttpAnswers::After::close;
  }
  return end + 4;
}

std::size_t EchoSession::answer_frame(Bytes bytes) {
  const auto header = read_frame_header(bytes);
  if (!header) return 0;
  if (!header->mask || header->payload_size > kMaxFramePayload) {
    is_ending_ = true;
    return 0;
  }
  if (bytes.size() < header->frame_size()) return 0;
  Bytes payload = bytes.subspan(header->header_size, header->payload_size);
  apply_mask(payload, *header->mask);
  std::array<unsigned char, kMaxFrameHeader> head{};
  const std::uint8_t first_byte = header->opcode == Opcode::ping ? final_frame(Opcode::pong) : header->first_byte;
  append(outbox_, ConstBytes(head).first(write_frame_header(head, first_byte, payload.size(), std::nullopt)));
  append(outbox_, payload);
  is_ending_ = header->opcode == Opcode::close;
  return header->frame_size();
}

EchoSession::State EchoSession::flush() {
  std::size_t sent = 0;
  while (sent < outbox_.size()) {
    const IoResult result = transmit(descriptor_.get(), ConstBytes(outbox_).subspan(sent));
    if (result.state == IoState::failed) return State::finished;
    if (result.state == IoState::blocked) break;
    sent += result.size;
  }
  outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(sent));
  if (!outbox_.empty()) return State::blocked;
  if (outbox_.capacity() > kKeptCapacity) outbox_ = {};
  return is_ending_ ? State::finished : State::reading;
}

}  // namespace hawser::bench
