#include "upstream/probe_frames.h"

#include <algorithm>
#include <array>

#include "base/secure_random.h"

namespace hawser::upstream {

using websocket::kControl;
using websocket::kFin;
using websocket::kLength;
using websocket::kLength16;
using websocket::kLength64;
using websocket::kMask;
using websocket::kOpcode;
using websocket::Opcode;

namespace {

void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned shift = bytes * 8; shift > 0; shift -= 8) out += static_cast<char>((value >> (shift - 8)) & 0xffU);
}

bool is_control(Opcode opcode) noexcept { return (static_cast<unsigned>(opcode) & kControl) != 0; }

}  // namespace

std::string masked_frame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(kFin | static_cast<unsigned>(opcode));
  if (payload.size() < kLength16) {
    frame += static_cast<char>(kMask | payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(kMask | kLength16);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(kMask | kLength64);
    append_big_endian(frame, payload.size(), 8);
  }
  std::array<char, 4> mask{};
  fill_random(std::as_writable_bytes(std::span(mask)));
  frame.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % mask.size()]);
  return frame;
}

void ServerFrames::feed(std::span<const std::byte> bytes) {
  if (violation_ != websocket::Violation::none || close_code() != websocket::CloseCode::none) return;
  buffer_.erase(0, position_);
  position_ = 0;
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const websocket::Tracked tracked = tracker_.track(std::as_bytes(std::span(buffer_)));
  sound_ = tracked.forward;
  violation_ = tracked.violation;
}

std::optional<FramePiece> ServerFrames::next() {
  if (position_ == sound_) return std::nullopt;
  FramePiece piece;
  if (frame_.left == 0) {
    read_header();
    piece.begins_message = frame_.opcode != Opcode::continuation;
  }
  if (piece.begins_message && !is_control(frame_.opcode)) message_ = frame_.opcode;
  piece.opcode = is_control(frame_.opcode) ? frame_.opcode : message_;
  piece.payload = take_payload();
  piece.ends_message = frame_.is_last && frame_.left == 0;
  return piece;
}

// Its soundness was checked by the tracker: whole, unmasked, known.
void ServerFrames::read_header() {
  const auto take = [this] { return static_cast<unsigned>(static_cast<unsigned char>(buffer_[position_++])); };
  const unsigned first = take();
  const unsigned length = take() & kLength;
  frame_.opcode = static_cast<Opcode>(first & kOpcode);
  frame_.is_last = (first & kFin) != 0;
  frame_.left = length < kLength16 ? length : 0;
  const unsigned length_bytes = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  for (unsigned i = 0; i < length_bytes; ++i) frame_.left = (frame_.left << 8U) | take();
}

std::string_view ServerFrames::take_payload() {
  const std::size_t size = std::min<std::uint64_t>(frame_.left, sound_ - position_);
  const std::string_view payload = std::string_view(buffer_).substr(position_, size);
  position_ += size;
  frame_.left -= size;
  return payload;
}

}  // namespace hawser::upstream
