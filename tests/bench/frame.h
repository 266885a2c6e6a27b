// WebSocket frames (RFC 6455, section 5.2) as the bench tools read and write them: headers and masking, no state.
// Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hawser::bench {

using Bytes = std::span<unsigned char>;
using ConstBytes = std::span<const unsigned char>;
using MaskKey = std::array<unsigned char, 4>;

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::size_t kMaxFrameHeader = 14;
inline constexpr std::uint64_t kMaxFramePayload = 16U << 20U;

struct FrameHeader {
  Opcode opcode = Opcode::binary;
  std::uint8_t first_byte = 0;  // FIN, the reserved bits and the opcode, as they travelled
  std::optional<MaskKey> mask;
  std::size_t header_size = 0;
  std::uint64_t payload_size = 0;

  [[nodiscard]] std::uint64_t frame_size() const noexcept { return header_size + payload_size; }
};

// Nothing when `bytes` holds less than the whole header.
[[nodiscard]] std::optional<FrameHeader> read_frame_header(ConstBytes bytes);

// Writes a header into `out` (at least kMaxFrameHeader long) and returns its size.
std::size_t write_frame_header(Bytes out, std::uint8_t first_byte, std::uint64_t payload_size,
                               const std::optional<MaskKey>& mask);

[[nodiscard]] constexpr std::uint8_t final_frame(Opcode opcode) noexcept {
  return static_cast<std::uint8_t>(0x80U | static_cast<unsigned>(opcode));
}

// Masks or unmasks in place; `payload` starts at the frame's first payload byte.
void apply_mask(Bytes payload, const MaskKey& key) noexcept;

}  // namespace hawser::bench
