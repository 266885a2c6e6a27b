#include "proxy/body_writer.h"

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace hawser::proxy {

namespace {

event::WriteResult write_text(event::ByteStream& sink, std::string_view text) noexcept {
  return sink.write(std::as_bytes(std::span(text)));
}

}  // namespace

event::WriteResult BodyWriter::write(std::span<const std::byte> body) noexcept {
  bytes_ += body.size();
  if (kind_ != http::BodyKind::chunked) return sink_.write(body);
  if (body.empty()) return event::WriteResult::ok;  // an empty chunk would end the body
  char size_line[24];
  const int length = std::snprintf(size_line, sizeof size_line, "%zx\r\n", body.size());
  (void)write_text(sink_, {size_line, static_cast<std::size_t>(length)});
  (void)sink_.write(body);
  return write_text(sink_, "\r\n");
}

void BodyWriter::finish() noexcept {
  if (kind_ == http::BodyKind::chunked) (void)write_text(sink_, "0\r\n\r\n");
}

}  // namespace hawser::proxy
