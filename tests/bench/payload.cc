#include "payload.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace hawser::bench {
namespace {

constexpr MaskKey kMask{0x9E, 0x37, 0x79, 0xB9};
using Stamp = std::array<unsigned char, 8>;

Stamp stamp_of(std::uint32_t connection, std::uint32_t number) noexcept {
  Stamp stamp{};
  std::memcpy(stamp.data(), &number, sizeof number);
  std::memcpy(stamp.data() + 4, &connection, sizeof connection);
  return stamp;
}

}  // namespace

Payload::Payload(std::size_t size) : size_(size), plain_(size), frame_(size + kMaxFrameHeader) {
  std::uint32_t state = 0x12345678;
  for (unsigned char& byte : plain_) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<unsigned char>(state >> 24U);
  }
  header_size_ = write_frame_header(frame_, final_frame(Opcode::binary), size, kMask);
  frame_.resize(header_size_ + size);
  const Bytes body = Bytes(frame_).subspan(header_size_);
  std::copy(plain_.begin(), plain_.end(), body.begin());
  apply_mask(body, kMask);
}

ConstBytes Payload::frame(std::uint32_t connection, std::uint32_t number) noexcept {
  Stamp stamp = stamp_of(connection, number);
  apply_mask(stamp, kMask);
  std::memcpy(frame_.data() + header_size_, stamp.data(), std::min(size_, stamp.size()));
  return frame_;
}

ConstBytes Payload::plain(std::uint32_t connection, std::uint32_t number) noexcept {
  const Stamp stamp = stamp_of(connection, number);
  std::copy_n(stamp.begin(), std::min(size_, stamp.size()), plain_.begin());
  return plain_;
}

bool Payload::matches(ConstBytes echo, std::uint32_t connection, std::uint32_t number) const noexcept {
  return echo.size() == size_ && matches_part(echo, 0, connection, number);
}

bool Payload::matches_part(ConstBytes part, std::size_t offset, std::uint32_t connection,
                           std::uint32_t number) const noexcept {
  if (offset > size_ || part.size() > size_ - offset) return false;
  const Stamp stamp = stamp_of(connection, number);
  const ConstBytes rest_of_stamp = ConstBytes(stamp).subspan(std::min(offset, stamp.size()));
  const std::size_t stamped = std::min(part.size(), rest_of_stamp.size());
  const ConstBytes patterned = part.subspan(stamped);
  return std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(stamped), rest_of_stamp.begin()) &&
         (patterned.empty() || std::memcmp(patterned.data(), plain_.data() + offset + stamped, patterned.size()) == 0);
}

}  // namespace hawser::bench
