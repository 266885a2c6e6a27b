#include "frame.h"

#include <cstring>

namespace hawser::bench {
namespace {

constexpr unsigned char kMaskBit = 0x80;
constexpr unsigned char kShortLength = 0x7F;

std::uint64_t read_big_endian(ConstBytes bytes) {
  std::uint64_t value = 0;
  for (const unsigned char byte : bytes) value = value << 8U | byte;
  return value;
}

void write_big_endian(Bytes out, std::uint64_t value) {
  for (std::size_t i = out.size(); i > 0; --i) {
    out[i - 1] = static_cast<unsigned char>(value & 0xFFU);
    value >>= 8U;
  }
}

std::size_t extended_length_size(unsigned short_length) {
  if (short_length == 126) return 2;
  return short_length == 127 ? 8 : 0;
}

unsigned char short_length_for(std::uint64_t payload_size) {
  if (payload_size < 126) return static_cast<unsigned char>(payload_size);
  return payload_size <= 0xFFFF ? 126 : 127;
}

}  // namespace

std::optional<FrameHeader> read_frame_header(ConstBytes bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const unsigned short_length = bytes[1] & kShortLength;
  const bool is_masked = (bytes[1] & kMaskBit) != 0;
  const std::size_t length_size = extended_length_size(short_length);
  FrameHeader header;
  header.first_byte = bytes[0];
  header.opcode = static_cast<Opcode>(bytes[0] & 0x0FU);
  header.header_size = 2 + length_size + (is_masked ? 4U : 0U);
  if (bytes.size() < header.header_size) return std::nullopt;
  header.payload_size = length_size == 0 ? short_length : read_big_endian(bytes.subspan(2, length_size));
  if (is_masked) {
    header.mask.emplace();
    std::memcpy(header.mask->data(), bytes.data() + 2 + length_size, 4);
  }
  return header;
}

std::size_t write_frame_header(Bytes out, std::uint8_t first_byte, std::uint64_t payload_size,
                               const std::optional<MaskKey>& mask) {
  const unsigned char short_length = short_length_for(payload_size);
  const std::size_t length_size = extended_length_size(short_length);
  out[0] = first_byte;
  out[1] = static_cast<unsigned char>(short_length | (mask ? kMaskBit : 0U));
  write_big_endian(out.subspan(2, length_size), payload_size);
  if (mask) std::memcpy(out.data() + 2 + length_size, mask->data(), mask->size());
  return 2 + length_size + (mask ? mask->size() : 0);
}

void apply_mask(Bytes payload, const MaskKey& key) noexcept {
  std::uint64_t wide_key = 0;
  std::memcpy(&wide_key, key.data(), 4);
  std::memcpy(reinterpret_cast<unsigned char*>(&wide_key) + 4, key.data(), 4);
  std::size_t at = 0;
  for (; at + 8 <= payload.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, 8);
    word ^= wide_key;
    std::memcpy(payload.data() + at, &word, 8);
  }
  for (; at < payload.size(); ++at) payload[at] ^= key[at % 4];
}

}  // namespace hawser::bench
