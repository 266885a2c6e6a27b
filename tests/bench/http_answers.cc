#include "http_answers.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "handshake.h"

namespace hawser::bench {
namespace {

constexpr std::string_view kBefore = "GET /bytes/";
constexpr std::string_view kBehind = " HTTP/1.1";

// Size, connection and number, of which the last two may be missing together.
using Wanted = std::array<std::uint32_t, 3>;

std::optional<Wanted> wanted_by(std::string_view line) {
  if (!line.starts_with(kBefore) || !line.ends_with(kBehind)) return std::nullopt;
  const char* at = line.data() + kBefore.size();
  const char* const end = line.data() + line.size() - kBehind.size();
  Wanted wanted{};
  std::size_t count = 0;
  for (; count < wanted.size(); ++count) {
    const auto parsed = std::from_chars(at, end, wanted[count]);
    if (parsed.ec != std::errc()) return std::nullopt;
    at = parsed.ptr;
    if (at == end) break;
    if (*at++ != '/') return std::nullopt;
  }
  const bool is_whole = at == end && (count == 0 || count == 2);
  return is_whole && wanted[0] <= kMaxFramePayload ? std::optional(wanted) : std::nullopt;
}

bool has_body(std::string_view head) {
  return header_value(head, "content-length") || header_value(head, "transfer-encoding");
}

void append(std::vector<unsigned char>& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }

}  // namespace

HttpAnswers::After HttpAnswers::answer(std::string_view head, std::vector<unsigned char>& out) {
  const auto wanted = wanted_by(head.substr(0, head.find("\r\n")));
  if (!wanted || has_body(head)) {
    append(out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return After::close;
  }
  const auto connection = header_value(head, "connection");
  const After after = connection && *connection == "close" ? After::close : After::keep_alive;
  const auto [size, client, number] = *wanted;
  append(out, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nCache-Control: no-store\r\n");
  if (after == After::close) append(out, "Connection: close\r\n");
  append(out, "Content-Length: " + std::to_string(size) + "\r\n\r\n");
  const ConstBytes body = bodies_.try_emplace(size, size).first->second.plain(client, number);
  out.insert(out.end(), body.begin(), body.end());
  return after;
}

}  // namespace hawser::bench
