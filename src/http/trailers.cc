#include "http/trailers.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/ascii.h"
#include "http/head_text.h"
#include "http/hop_by_hop.h"

namespace hawser::http {

namespace {

constexpr auto kNeverByName = std::to_array<std::string_view>(
    {// the connection and the framing
     "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
     // routing and request modifiers
     "Host", "Forwarded", "X-Real-IP", "Via", "Expect", "Max-Forwards", "Range",
     // who is asking, and who may
     "Authorization", "Cookie", "Set-Cookie", "WWW-Authenticate", "Authentication-Info",
     // how the answer is to be used and kept
     "Age", "Cache-Control", "Date", "Expires", "Location", "Pragma", "Retry-After", "Vary", "Warning"});

constexpr auto kNeverByPrefix =
    std::to_array<std::string_view>({"Content-", "X-Forwarded-", "Proxy-", "If-", "Sec-", "Access-Control-"});

// '_' in a name counts as '-', as for every field that a server may mix up.
bool is_one_of(std::string_view name, std::span<const std::string_view> names) noexcept {
  return std::ranges::any_of(names, [name](std::string_view known) { return is_same_field(name, known); });
}

std::string_view take_line(std::string_view& block) noexcept {
  constexpr std::string_view kLineEnd = "\r\n";
  const auto line = block.substr(0, block.find(kLineEnd));
  block.remove_prefix(std::min(line.size() + kLineEnd.size(), block.size()));
  return line;
}

}  // namespace

bool may_be_trailer(std::string_view name) noexcept {
  return !is_one_of(name, kNeverByName) && std::ranges::none_of(kNeverByPrefix, [name](std::string_view prefix) {
    return has_name_prefix(name, prefix);
  });
}

HeaderList parse_trailers(std::string_view block) {
  HeaderList trailers;
  for (auto line = take_line(block); !line.empty(); line = take_line(block)) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (may_be_trailer(name)) trailers.add(name, trim(line.substr(colon + 1)));
  }
  return trailers;
}

void append_last_chunk(std::string& out, const HeaderList& trailers) {
  out.append("0\r\n");
  for (std::size_t i = 0; i < trailers.size(); ++i) append_field(out, trailers.at(i).name, trailers.at(i).value);
  out.append("\r\n");
}

}  // namespace hawser::http
