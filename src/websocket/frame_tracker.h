// Follows the frame boundaries of one direction by headers alone (RFC 6455, section 5): payloads are neither copied nor
// unmasked, but for a Close frame's two bytes of code. Pure; small enough to keep by the hundred thousand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "websocket/close_code.h"
#include "websocket/frame.h"

namespace hawser::websocket {

// How the bytes break the protocol.
enum class Violation : std::uint8_t {
  none,
  reserved_opcode,
  reserved_bits,  // RSV set though no extension was agreed on
  wrong_masking,  // unmasked from a client, masked from a server
  fragmented_control,
  oversized_control,
  oversized_length,         // a 64-bit length with its top bit set, or not in the shortest form
  unexpected_continuation,  // no message was open
  expected_continuation,    // a message was still open
  invalid_close,            // a Close frame of one byte, or with a code that must not travel (section 7.4)
};

[[nodiscard]] const char* to_string(Violation violation) noexcept;

enum class Extensions : std::uint8_t { none, negotiated };

// Where track() shall leave off early, so that a frame of Hawser's own can go in.
enum class StopAt : std::uint8_t { nowhere, frame_boundary, message_boundary };

struct Tracked {
  std::size_t forward = 0;     // leading bytes that may be sent on now
  std::size_t held = 0;        // bytes behind them to be presented again, with more behind, at the next call
  bool has_stopped = false;    // at the boundary asked for: `forward` ends there and what follows was not looked at
  bool is_close = false;       // the last frame of `forward` is a Close frame; nothing behind it counts (section 5.5.1)
  std::size_t close_size = 0;  // that frame's bytes, the end of `forward`
  Violation violation = Violation::none;  // found behind `forward`; the rest is not to be sent on
};

class FrameTracker {
 public:
  FrameTracker(Masking expected, Extensions extensions) noexcept : expected_(expected), extensions_(extensions) {}

  // Reads `bytes`, which begin with what the last call held back. Incomplete headers and incomplete control frames are
  // held, at most kMaxControlFrame - 1 bytes.
  [[nodiscard]] Tracked track(std::span<const std::byte> bytes, StopAt stop_at = StopAt::nowhere) noexcept;

  // Whether all that was forwarded so far ends with a whole frame, or a whole message.
  [[nodiscard]] bool is_at_frame_boundary() const noexcept { return payload_left_ == 0; }
  [[nodiscard]] bool is_at_message_boundary() const noexcept { return payload_left_ == 0 && !is_message_open_; }

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  // The code of the Close frame that was seen; `no_status` when it had none, `none` before it.
  [[nodiscard]] CloseCode close_code() const noexcept { return close_code_; }

 private:
  struct Header;
  [[nodiscard]] Header parse_header(std::span<const std::byte> bytes) const noexcept;
  [[nodiscard]] Violation check(const Header& header) const noexcept;
  [[nodiscard]] static CloseCode close_code_of(const Header& header, std::span<const std::byte> frame) noexcept;
  [[nodiscard]] static bool is_sound_close(const Header& header, CloseCode code) noexcept;
  void begin_data(const Header& header) noexcept;
  void finish_data_frame() noexcept;
  [[nodiscard]] bool should_stop(StopAt stop_at) const noexcept;

  std::uint64_t payload_left_ = 0;  // of the current data frame
  std::uint64_t messages_ = 0;
  CloseCode close_code_ = CloseCode::none;
  Masking expected_;
  Extensions extensions_;
  bool is_message_open_ = false;  // a data frame without FIN came, its last one not yet
  bool is_final_frame_ = false;   // of the current data frame
};

}  // namespace hawser::websocket
