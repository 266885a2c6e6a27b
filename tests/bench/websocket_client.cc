#include "websocket_client.h"

#include <array>

#include "handshake.h"

namespace hawser::bench {
namespace {

constexpr std::size_t kMaxHead = 32768;
constexpr MaskKey kCloseMask{0x11, 0x22, 0x33, 0x44};

std::array<unsigned char, 8> close_frame() {
  std::array<unsigned char, 8> frame{};
  const std::size_t size = write_frame_header(frame, final_frame(Opcode::close), 2, kCloseMask);
  frame[size] = 0x03;  // 1000, big-endian
  frame[size + 1] = 0xE8;
  apply_mask(Bytes(frame).subspan(size), kCloseMask);
  return frame;
}

}  // namespace

WebSocketClient::WebSocketClient(std::uint32_t id, Stream stream, std::string request, std::string key,
                                 ClientObserver& observer)
    : Client(id, std::move(stream), observer), request_(std::move(request)), key_(std::move(key)) {}

void WebSocketClient::begin() {
  enter(Phase::upgrading);
  const auto* bytes = reinterpret_cast<const unsigned char*>(request_.data());
  if (!write(ConstBytes(bytes, request_.size()))) return end("write of the request failed");
  request_ = {};
}

ConstBytes WebSocketClient::message(Payload& payload, std::uint32_t number) { return payload.frame(id(), number); }

void WebSocketClient::close() {
  if (phase() != Phase::open) return;
  enter(Phase::closing);
  if (!write(close_frame())) end("write of the Close frame failed");
}

std::size_t WebSocketClient::take(ConstBytes bytes, const Payload& payload) {
  return phase() == Phase::upgrading ? take_response(bytes) : take_frame(bytes, payload);
}

std::size_t WebSocketClient::take_response(ConstBytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (text.size() > kMaxHead) end("response head too large");
    return 0;
  }
  if (!accepts_upgrade(text.substr(0, head_end), key_)) {
    end("upgrade refused: " + std::string(text.substr(0, text.find("\r\n"))));
    return 0;
  }
  key_ = {};
  open();
  return head_end + 4;
}

std::size_t WebSocketClient::take_frame(ConstBytes bytes, const Payload& payload) {
  const auto header = read_frame_header(bytes);
  if (!header) return 0;
  if (header->mask || header->payload_size > kMaxFramePayload) {
    end("frame masked or too large");
    return 0;
  }
  if (bytes.size() < header->frame_size()) return 0;
  const ConstBytes body = bytes.subspan(header->header_size, header->payload_size);
  if (header->opcode == Opcode::close) {
    has_close_frame_ = true;
    if (phase() != Phase::closing) end("closed by the other side");
  } else if (header->first_byte == final_frame(Opcode::binary)) {
    take_echo(body, payload);
  } else {
    end("unexpected frame");
  }
  return header->frame_size();
}

void WebSocketClient::take_echo(ConstBytes body, const Payload& payload) {
  if (!is_answer_due()) return end("more echoes than messages");
  if (!payload.matches(body, id(), answered())) return end("an echo differs from its message");
  count_answer();
}

}  // namespace hawser::bench
