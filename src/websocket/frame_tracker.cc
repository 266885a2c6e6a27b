#include "websocket/frame_tracker.h"

#include <algorithm>

namespace hawser::websocket {

namespace {

unsigned byte_at(std::span<const std::byte> bytes, std::size_t index) noexcept {
  return static_cast<unsigned>(bytes[index]);
}

std::uint64_t big_endian(std::span<const std::byte> bytes) noexcept {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8U) | static_cast<unsigned>(byte);
  return value;
}

}  // namespace

const char* to_string(Violation violation) noexcept {
  switch (violation) {
    case Violation::none:
      return "none";
    case Violation::reserved_opcode:
      return "reserved opcode";
    case Violation::reserved_bits:
      return "reserved bits without an extension";
    case Violation::wrong_masking:
      return "wrong masking";
    case Violation::fragmented_control:
      return "fragmented control frame";
    case Violation::oversized_control:
      return "control frame over 125 bytes";
    case Violation::oversized_length:
      return "malformed length";
    case Violation::unexpected_continuation:
      return "continuation of no message";
    case Violation::invalid_close:
      return "invalid Close frame";
    case Violation::expected_continuation:
      return "message inside a message";
  }
  return "unknown";
}

struct FrameTracker::Header {
  std::size_t size = 0;  // 0: incomplete
  std::uint64_t payload = 0;
  unsigned first = 0;  // FIN, RSV and opcode
  unsigned length_field = 0;
  bool is_masked = false;

  [[nodiscard]] bool is_final() const noexcept { return (first & kFin) != 0; }
  [[nodiscard]] bool is_control() const noexcept { return (first & kControl) != 0; }
  [[nodiscard]] Opcode opcode() const noexcept { return static_cast<Opcode>(first & kOpcode); }
};

FrameTracker::Header FrameTracker::parse_header(std::span<const std::byte> bytes) const noexcept {
  Header header;
  if (bytes.size() < 2) return header;
  header.first = byte_at(bytes, 0);
  header.is_masked = (byte_at(bytes, 1) & kMask) != 0;
  header.length_field = byte_at(bytes, 1) & kLength;
  const std::size_t length_bytes = header.length_field == kLength64 ? 8 : header.length_field == kLength16 ? 2 : 0;
  const std::size_t size = 2 + length_bytes + (header.is_masked ? 4 : 0);
  if (bytes.size() < size) return header;
  header.size = size;
  header.payload = length_bytes == 0 ? header.length_field : big_endian(bytes.subspan(2, length_bytes));
  return header;
}

Violation FrameTracker::check(const Header& header) const noexcept {
  if ((header.first & kReserved) != 0 && extensions_ == Extensions::none) return Violation::reserved_bits;
  switch (header.opcode()) {
    case Opcode::continuation:
      if (!is_message_open_) return Violation::unexpected_continuation;
      break;
    case Opcode::text:
    case Opcode::binary:
      if (is_message_open_) return Violation::expected_continuation;
      break;
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      if (!header.is_final()) return Violation::fragmented_control;
      if (header.length_field > kMaxControlPayload) return Violation::oversized_control;
      break;
    default:
      return Violation::reserved_opcode;
  }
  if (header.is_masked != (expected_ == Masking::masked)) return Violation::wrong_masking;
  if (header.size == 0) return Violation::none;  // the length is not there yet
  const bool is_shortest_form = (header.length_field != kLength16 || header.payload >= kLength16) &&
                                (header.length_field != kLength64 || header.payload > 0xffff);
  if (!is_shortest_form || header.payload >> 63U != 0) return Violation::oversized_length;
  return Violation::none;
}

void FrameTracker::begin_data(const Header& header) noexcept {
  payload_left_ = header.payload;
  is_final_frame_ = header.is_final();
  is_message_open_ = true;
  if (payload_left_ == 0) finish_data_frame();
}

void FrameTracker::finish_data_frame() noexcept {
  if (!is_final_frame_) return;
  is_message_open_ = false;
  ++messages_;
}

bool FrameTracker::should_stop(StopAt stop_at) const noexcept {
  return (stop_at == StopAt::frame_boundary && is_at_frame_boundary()) ||
         (stop_at == StopAt::message_boundary && is_at_message_boundary());
}

Tracked FrameTracker::track(std::span<const std::byte> bytes, StopAt stop_at) noexcept {
  Tracked tracked;
  std::size_t& position = tracked.forward;
  for (;;) {
    if (payload_left_ > 0) {
      const std::uint64_t taken = std::min<std::uint64_t>(payload_left_, bytes.size() - position);
      position += taken;
      payload_left_ -= taken;
      if (payload_left_ > 0) return tracked;
      finish_data_frame();
    }
    if (should_stop(stop_at)) {
      tracked.has_stopped = true;
      return tracked;
    }
    const auto rest = bytes.subspan(position);
    const Header header = parse_header(rest);
    if (rest.size() >= 2) tracked.violation = check(header);
    if (tracked.violation != Violation::none) return tracked;
    const bool is_incomplete = header.size == 0 || (header.is_control() && rest.size() < header.size + header.payload);
    if (is_incomplete) {
      tracked.held = rest.size();
      return tracked;
    }
    if (!header.is_control()) {
      position += header.size;
      begin_data(header);
      continue;
    }
    if (header.opcode() == Opcode::close) {
      close_code_ = close_code_of(header, rest);
      tracked.violation = is_sound_close(header, close_code_) ? Violation::none : Violation::invalid_close;
      if (tracked.violation != Violation::none) return tracked;
      tracked.is_close = true;
      tracked.close_size = header.size + header.payload;
    }
    position += header.size + header.payload;
    if (tracked.is_close) return tracked;
  }
}

// `frame` is whole. The code is the payload's first two bytes, under the mask (sections 5.3 and 5.5.1).
CloseCode FrameTracker::close_code_of(const Header& header, std::span<const std::byte> frame) noexcept {
  if (header.payload < 2) return CloseCode::no_status;
  std::uint64_t code = big_endian(frame.subspan(header.size, 2));
  if (header.is_masked) code ^= big_endian(frame.subspan(header.size - 4, 2));
  return static_cast<CloseCode>(code);
}

bool FrameTracker::is_sound_close(const Header& header, CloseCode code) noexcept {
  if (header.payload == 0) return true;
  if (header.payload == 1) return false;
  const auto number = static_cast<unsigned>(code);
  const bool is_reserved = number == 1004 || number == 1005 || number == 1006 || number == 1015;
  return number >= 1000 && number < 5000 && !is_reserved;
}

}  // namespace hawser::websocket
