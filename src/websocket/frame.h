// The words of RFC 6455's base framing (section 5.2) that the rest of Hawser shares. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawser::websocket {

enum class Opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa };

// Frames from a client are masked, frames from a server never (section 5.1).
enum class Masking : std::uint8_t { masked, unmasked };

// The first byte of a header: FIN, reserved bits, opcode. The second: the mask's bit and a length, or what says that
// the length follows in two or eight bytes.
inline constexpr unsigned kFin = 0x80;
inline constexpr unsigned kReserved = 0x70;
inline constexpr unsigned kOpcode = 0x0f;
inline constexpr unsigned kControl = 0x08;  // in the opcode
inline constexpr unsigned kMask = 0x80;
inline constexpr unsigned kLength = 0x7f;
inline constexpr unsigned kLength16 = 126;
inline constexpr unsigned kLength64 = 127;

inline constexpr std::size_t kMaxHeaderSize = 14;
inline constexpr std::size_t kMaxControlPayload = 125;
inline constexpr std::size_t kMaxControlFrame = 6 + kMaxControlPayload;  // with a mask

}  // namespace hawser::websocket
