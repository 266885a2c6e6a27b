// Writes a body in the framing the receiver was promised. One loop thread.
#pragma once

#include <cstddef>
#include <span>

#include "event/byte_stream.h"
#include "http/message.h"

namespace hawser::proxy {

class BodyWriter {
 public:
  BodyWriter(event::ByteStream& sink, http::BodyKind kind) noexcept : sink_(sink), kind_(kind) {}

  // One chunk, or the bytes as they are.
  event::WriteResult write(std::span<const std::byte> body) noexcept;
  // The last chunk where there are chunks.
  void finish() noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // of body, without framing

 private:
  event::ByteStream& sink_;
  http::BodyKind kind_;
  std::uint64_t bytes_ = 0;
};

}  // namespace hawser::proxy
