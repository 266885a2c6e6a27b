// Close frames of Hawser's own making (RFC 6455, section 5.5.1). Pure but for the mask.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "websocket/close_code.h"
#include "websocket/frame.h"

namespace hawser::websocket {

class CloseFrame {
 public:
  // `reason` is UTF-8; what exceeds 123 bytes is cut at a character. A masked frame gets a random mask.
  CloseFrame(CloseCode code, std::string_view reason, Masking masking) noexcept;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::span(bytes_).first(size_); }

 private:
  std::array<std::byte, kMaxControlFrame> bytes_{};
  std::size_t size_ = 0;
};

// The reason that a whole Close frame carries, unmasked; not checked to be UTF-8. Empty without one.
[[nodiscard]] std::string close_reason(std::span<const std::byte> frame);

}  // namespace hawser::websocket
