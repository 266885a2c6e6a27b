#include "websocket/close_frame.h"

#include <cstdint>

#include "base/secure_random.h"

namespace hawser::websocket {

namespace {

constexpr std::size_t kMaxReason = kMaxControlPayload - 2;

bool is_continuation_byte(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

std::string_view cut_reason(std::string_view reason) noexcept {
  if (reason.size() <= kMaxReason) return reason;
  std::size_t size = kMaxReason;
  while (size > 0 && is_continuation_byte(reason[size])) --size;
  return reason.substr(0, size);
}

}  // namespace

std::string close_reason(std::span<const std::byte> frame) {
  constexpr std::size_t kHeader = 2;
  constexpr std::size_t kCode = 2;
  const bool is_masked = (static_cast<unsigned>(frame[1]) & kMask) != 0;
  const std::span<const std::byte> mask = frame.subspan(kHeader, is_masked ? 4 : 0);
  const std::span<const std::byte> payload = frame.subspan(kHeader + mask.size());
  std::string reason;
  for (std::size_t i = kCode; i < payload.size(); ++i) {
    reason += static_cast<char>(payload[i] ^ (is_masked ? mask[i % mask.size()] : std::byte{0}));
  }
  return reason;
}

CloseFrame::CloseFrame(CloseCode code, std::string_view reason, Masking masking) noexcept {
  reason = cut_reason(reason);
  const auto append = [this](unsigned value) { bytes_[size_++] = static_cast<std::byte>(value & 0xffU); };
  const auto payload_size = static_cast<unsigned>(reason.size() + 2);
  append(kFin | static_cast<unsigned>(Opcode::close));
  append((masking == Masking::masked ? kMask : 0U) | payload_size);
  std::array<std::byte, 4> mask{};
  if (masking == Masking::masked) {
    fill_random(mask);
    for (const std::byte part : mask) append(static_cast<unsigned>(part));
  }
  const std::size_t payload = size_;
  append(static_cast<unsigned>(code) >> 8U);
  append(static_cast<unsigned>(code));
  for (const char c : reason) append(static_cast<unsigned char>(c));
  for (std::size_t i = payload; i < size_; ++i) bytes_[i] ^= mask[(i - payload) % mask.size()];
}

}  // namespace hawser::websocket
