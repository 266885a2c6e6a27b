// WebSocket frames as a check's client end needs them (RFC 6455, section 5): masked ones to send, and a server's taken
// apart. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "websocket/frame_tracker.h"

namespace hawser::upstream {

// A whole message or control frame in one frame, under a random mask.
[[nodiscard]] std::string masked_frame(websocket::Opcode opcode, std::string_view payload);

// Consecutive bytes of one message, or a whole control frame.
struct FramePiece {
  websocket::Opcode opcode = websocket::Opcode::continuation;  // of the message, in its later frames too
  std::string_view payload = {};                               // valid until the next call; may be empty
  bool begins_message = false;
  bool ends_message = false;
};

// Reads what a server sends when no extension was agreed on.
class ServerFrames {
 public:
  // Everything that was fed before must have been taken by next().
  void feed(std::span<const std::byte> bytes);
  // Nothing when more bytes are needed, after a Close frame, or when the bytes break the protocol.
  [[nodiscard]] std::optional<FramePiece> next();
  // How what follows the last piece breaks the protocol.
  [[nodiscard]] websocket::Violation violation() const noexcept { return violation_; }
  // Of the Close frame that was fed.
  [[nodiscard]] websocket::CloseCode close_code() const noexcept { return tracker_.close_code(); }

 private:
  struct Frame {
    std::uint64_t left = 0;
    websocket::Opcode opcode = websocket::Opcode::continuation;  // its own
    bool is_last = true;                                         // of its message
  };
  void read_header();
  [[nodiscard]] std::string_view take_payload();

  websocket::FrameTracker tracker_{websocket::Masking::unmasked, websocket::Extensions::none};
  websocket::Violation violation_ = websocket::Violation::none;
  std::string buffer_;
  std::size_t position_ = 0;  // up to here it was taken
  std::size_t sound_ = 0;     // up to here the tracker found it sound; no header and no control frame is cut there
  Frame frame_;
  websocket::Opcode message_ = websocket::Opcode::text;
};

}  // namespace hawser::upstream
