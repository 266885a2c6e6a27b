#include "proxy/message_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/trailers.h"

namespace hawser::proxy {

namespace {

// Smaller pieces are copied: cheaper than telling the kernel of one more.
constexpr std::size_t kSmallPiece = 4096;
constexpr std::string_view kLineEnd = "\r\n";

std::span<const std::byte> bytes_of(std::string_view text) noexcept { return std::as_bytes(std::span(text)); }

void append_chunk_size(std::string& out, std::size_t size) {
  char digits[16];
  const auto written = std::to_chars(std::begin(digits), std::end(digits), size, 16);
  out.append(digits, written.ptr).append(kLineEnd);
}

}  // namespace

void MessageWriter::add_body(std::span<const std::byte> body) {
  if (body.empty()) return;  // an empty chunk would end the body
  body_bytes_ += body.size();
  const bool is_chunked = kind_ == http::BodyKind::chunked;
  if (is_chunked) append_chunk_size(buffer_, body.size());
  if (body.size() > kSmallPiece) return write_with(body);
  buffer_.append(reinterpret_cast<const char*>(body.data()), body.size());
  if (is_chunked) buffer_.append(kLineEnd);
}

void MessageWriter::write_with(std::span<const std::byte> body) noexcept {
  const std::string_view end = kind_ == http::BodyKind::chunked ? kLineEnd : std::string_view();
  const std::array<std::span<const std::byte>, 3> pieces{bytes_of(buffer_), body, bytes_of(end)};
  note(sink_.write_all(pieces), buffer_.size() + body.size() + end.size());
  buffer_.clear();
}

void MessageWriter::finish(const http::HeaderList& trailers) {
  if (kind_ == http::BodyKind::chunked) http::append_last_chunk(buffer_, trailers);
}

event::WriteResult MessageWriter::flush() noexcept {
  if (!buffer_.empty()) {
    note(sink_.write(bytes_of(buffer_)), buffer_.size());
    buffer_.clear();
  }
  return std::exchange(worst_, event::WriteResult::ok);
}

void MessageWriter::note(event::WriteResult result, std::size_t bytes) noexcept {
  worst_ = std::max(worst_, result);
  bytes_sent_ += bytes;
}

}  // namespace hawser::proxy
