#include "http/start_line.h"

#include <optional>

#include "base/ascii.h"
#include "http/character_class.h"

namespace hawser::http {

namespace {

constexpr std::size_t kVersionSize = 8;  // HTTP/1.1

bool is_version(std::string_view text) {
  return text.size() == kVersionSize && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

std::optional<Version> supported_version(std::string_view text) {
  if (text == "HTTP/1.1") return Version::http_1_1;
  if (text == "HTTP/1.0") return Version::http_1_0;
  return std::nullopt;
}

const char* target_fault(std::string_view target) {
  if (target.empty()) return "empty request target";
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (!is_visible_char(c)) return "forbidden byte in the request target";
    if (c == '#') return "fragment in the request target";
    if (c != '%') continue;
    if (target.size() - i < 3 || !is_hex_digit(target[i + 1]) || !is_hex_digit(target[i + 2])) {
      return "broken percent-encoding in the request target";
    }
  }
  return nullptr;
}

int status_code(std::string_view digits) {
  return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

bool is_status_code(std::string_view text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' && is_digit(text[1]) && is_digit(text[2]);
}

}  // namespace

Verdict<RequestLine> parse_request_line(std::string_view line) {
  const auto first_space = line.find(' ');
  const auto last_space = line.rfind(' ');
  if (first_space == last_space) return refuse(400, "request line without three parts");
  RequestLine parts;
  parts.method = line.substr(0, first_space);
  parts.target = line.substr(first_space + 1, last_space - first_space - 1);
  const auto version_text = line.substr(last_space + 1);
  if (!is_token(parts.method)) return refuse(400, "malformed method");
  if (const char* fault = target_fault(parts.target)) return refuse(400, fault);
  if (!is_version(version_text)) return refuse(400, "malformed protocol version");
  const auto version = supported_version(version_text);
  if (!version) return refuse(505, "unsupported protocol version");
  if (parts.method == "CONNECT" || parts.method == "TRACE") return refuse(405, "method not allowed");
  parts.version = *version;
  return parts;
}

RequestLine split_request_line(std::string_view line) noexcept {
  const auto first_space = line.find(' ');
  const auto last_space = line.size() - kVersionSize - 1;
  return {.method = line.substr(0, first_space),
          .target = line.substr(first_space + 1, last_space - first_space - 1),
          .version = line.back() == '0' ? Version::http_1_0 : Version::http_1_1};
}

Verdict<StatusLine> parse_status_line(std::string_view line) {
  const auto version = supported_version(line.substr(0, kVersionSize));
  if (!version) return refuse(502, "unsupported protocol version");
  line.remove_prefix(kVersionSize);
  if (!line.starts_with(' ')) return refuse(502, "malformed status line");
  line.remove_prefix(1);
  if (!is_status_code(line.substr(0, 3))) return refuse(502, "malformed status code");
  StatusLine parts{.status = status_code(line), .reason = {}, .version = *version};
  line.remove_prefix(3);
  if (!line.empty() && line.front() != ' ') return refuse(502, "malformed status code");
  if (!is_text(line)) return refuse(502, "control byte in the reason phrase");
  parts.reason = trim(line);
  return parts;
}

}  // namespace hawser::http
