// Writes one message to a stream in the framing its receiver was promised. What belongs together is gathered and leaves
// in one write: a head with the body that came with it, a chunk with its size. One loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "event/byte_stream.h"
#include "http/header_list.h"
#include "http/message.h"

namespace hawser::proxy {

class MessageWriter {
 public:
  // `buffer` is empty, and again after each flush(); several writers may share one if they take turns.
  MessageWriter(event::ByteStream& sink, std::string& buffer) noexcept : sink_(sink), buffer_(buffer) {}

  // Where a head is gathered.
  [[nodiscard]] std::string& gathered() noexcept { return buffer_; }
  // How the body that follows is framed.
  void begin_body(http::BodyKind kind) noexcept { kind_ = kind; }
  // One chunk, or the bytes as they are. Large pieces are written at once, together with what was gathered.
  void add_body(std::span<const std::byte> body);
  // The last chunk and the trailers, where there are chunks.
  void finish(const http::HeaderList& trailers);
  // Writes what was gathered. The worst result since the last flush.
  [[nodiscard]] event::WriteResult flush() noexcept;
  // Forgets what was gathered.
  void discard() noexcept { buffer_.clear(); }

  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }  // to the stream, framing included
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }  // added, without framing

 private:
  void write_with(std::span<const std::byte> body) noexcept;
  void note(event::WriteResult result, std::size_t bytes) noexcept;

  event::ByteStream& sink_;
  std::string& buffer_;
  http::BodyKind kind_ = http::BodyKind::none;
  event::WriteResult worst_ = event::WriteResult::ok;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace hawser::proxy
