#include "http/request_path.h"

#include <algorithm>

#include "http/character_class.h"
#include "http/percent_encoding.h"

namespace hawser::http {

namespace {

constexpr unsigned hex_value(char digit) noexcept {
  if (is_digit(digit)) return static_cast<unsigned>(digit - '0');
  return static_cast<unsigned>((static_cast<unsigned char>(digit) | 0x20U) - 'a') + 10;
}

// Of text whose percent signs all stand before two hex digits.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(hex_value(text[i + 1]) << 4U | hex_value(text[i + 2]));
    i += 2;
  }
  return decoded;
}

// Resolves `path` in place, which begins with a slash: what is kept is never longer than what was read. False when a
// segment leads above the root.
bool resolve_segments(std::string& path) {
  std::size_t kept = 1;  // ends behind a slash before each segment
  for (std::size_t start = 1; start < path.size();) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::size_t next = std::min(slash + 1, path.size());
    const auto segment = std::string_view(path).substr(start, slash - start);
    if (segment == "..") {
      if (kept == 1) return false;
      kept = path.rfind('/', kept - 2) + 1;
    } else if (!segment.empty() && segment != ".") {
      std::copy_n(path.begin() + static_cast<std::ptrdiff_t>(start), next - start,
                  path.begin() + static_cast<std::ptrdiff_t>(kept));
      kept += next - start;
    }
    start = next;
  }
  path.resize(kept);
  return true;
}

bool needs_resolving(std::string_view path) noexcept {
  return path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos;
}

// unreserved, sub-delims, ':' and '@' of RFC 3986, section 3.3, and the slash between segments.
bool is_path_char(char c) noexcept {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/";
  return is_alphanumeric(c) || kMarks.find(c) != std::string_view::npos;
}

template <class Predicate>
void append_encoded(std::string& out, std::string_view text, Predicate is_plain) {
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      append_percent_encoded(out, c);
    }
  }
}

}  // namespace

Verdict<std::string> normalize_path(std::string_view path) {
  std::string meaning = path.find('%') == std::string_view::npos ? std::string(path) : percent_decoded(path);
  if (meaning.find('\0') != std::string::npos) return refuse(400, "NUL byte in the path");
  if (!needs_resolving(meaning)) return meaning;
  if (!resolve_segments(meaning)) return refuse(400, "path leads above the root");
  return meaning;
}

void append_encoded_path(std::string& out, std::string_view path) { append_encoded(out, path, is_path_char); }

void append_url(std::string& out, std::string_view url) {
  static constexpr std::string_view kMarks = "?#[]%";
  append_encoded(out, url, [](char c) { return is_path_char(c) || kMarks.find(c) != std::string_view::npos; });
}

}  // namespace hawser::http
