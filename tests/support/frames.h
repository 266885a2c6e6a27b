// WebSocket frames as text, for tests: written by hand from RFC 6455, section 5.2, not by the code under test.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/byte_stream.h"
#include "websocket/frame.h"

namespace hawser::websocket {

inline constexpr std::array<unsigned char, 4> kTestMask{0x37, 0xfa, 0x21, 0x3d};

enum class LengthForm : std::uint8_t { shortest, two_bytes, eight_bytes };
enum class Fragment : std::uint8_t { last, more };

struct TestFrame {
  unsigned opcode = 0x1;
  std::string_view payload = {};
  Masking masking = Masking::unmasked;
  Fragment fragment = Fragment::last;
  unsigned reserved = 0;  // 0x40, 0x20 and 0x10 are RSV1 to RSV3
  LengthForm form = LengthForm::shortest;
};

inline void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> (8 * (i - 1)));
}

// A frame's header alone that announces `length` bytes.
[[nodiscard]] inline std::string frame_header(const TestFrame& frame, std::uint64_t length) {
  std::string out;
  out += static_cast<char>((frame.fragment == Fragment::last ? 0x80U : 0U) | frame.reserved | frame.opcode);
  const unsigned mask_bit = frame.masking == Masking::masked ? 0x80U : 0U;
  if (frame.form == LengthForm::eight_bytes || (frame.form == LengthForm::shortest && length > 0xffff)) {
    out += static_cast<char>(mask_bit | 127U);
    append_big_endian(out, length, 8);
  } else if (frame.form == LengthForm::two_bytes || length > 125) {
    out += static_cast<char>(mask_bit | 126U);
    append_big_endian(out, length, 2);
  } else {
    out += static_cast<char>(mask_bit | static_cast<unsigned>(length));
  }
  if (frame.masking == Masking::masked) out.append(kTestMask.begin(), kTestMask.end());
  return out;
}

[[nodiscard]] inline std::string make_frame(const TestFrame& frame) {
  std::string out = frame_header(frame, frame.payload.size());
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    const auto byte = static_cast<unsigned char>(frame.payload[i]);
    const unsigned mask = frame.masking == Masking::masked ? kTestMask[i % kTestMask.size()] : 0U;
    out += static_cast<char>(byte ^ mask);
  }
  return out;
}

[[nodiscard]] inline std::string make_close(unsigned code, std::string_view reason, Masking masking) {
  std::string payload;
  append_big_endian(payload, code, 2);
  payload += reason;
  return make_frame({.opcode = 0x8, .payload = payload, .masking = masking});
}

// A control frame taken apart; `opcode` is 0 when the text is not exactly one such frame.
struct ControlFrame {
  unsigned opcode = 0;
  unsigned code = 0;  // of a Close frame
  std::string payload = {};
  Masking masking = Masking::unmasked;
};

[[nodiscard]] inline ControlFrame read_control(std::string_view text) {
  ControlFrame frame;
  const auto at = [text](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  if (text.size() < 2 || (at(0) & 0xf8U) != 0x88U) return frame;
  const bool is_masked = (at(1) & 0x80U) != 0;
  const std::size_t start = is_masked ? 6 : 2;
  if (text.size() != start + (at(1) & 0x7fU)) return frame;
  frame.opcode = at(0) & 0x0fU;
  frame.masking = is_masked ? Masking::masked : Masking::unmasked;
  for (std::size_t i = start; i < text.size(); ++i) {
    frame.payload += static_cast<char>(at(i) ^ (is_masked ? at(2 + (i - start) % 4) : 0U));
  }
  if (frame.opcode == 0x8 && frame.payload.size() >= 2) {
    frame.code = (static_cast<unsigned>(static_cast<unsigned char>(frame.payload[0])) << 8U) |
                 static_cast<unsigned char>(frame.payload[1]);
  }
  return frame;
}

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Bytes as a stream's read would hand them over: writable, with room in front, and gone when it is destroyed.
class ReadBuffer {
 public:
  explicit ReadBuffer(std::string_view text) : buffer_(event::kReadHeadroom + text.size()) {
    for (std::size_t i = 0; i < text.size(); ++i) bytes()[i] = static_cast<std::byte>(text[i]);
  }
  [[nodiscard]] std::span<std::byte> bytes() { return std::span(buffer_).subspan(event::kReadHeadroom); }

 private:
  std::vector<std::byte> buffer_;
};

}  // namespace hawser::websocket
