#include "http/head_scanner.h"

#include "http/character_class.h"
#include "http/start_line.h"

namespace hawser::http {

Verdict<ScanProgress> HeadScanner::scan(std::string_view block) {
  const auto bounded = block.substr(0, limits_.max_head_size);
  // A TLS handshake on a plain port would otherwise wait for a line end that never comes.
  if (seen_ == 0 && kind_ == BlockKind::request && !bounded.empty() && !is_token_char(bounded.front())) {
    return refuse(400, "malformed method");
  }
  while (true) {
    const auto line_feed = bounded.find('\n', seen_);
    if (line_feed == std::string_view::npos) break;
    const auto progress = scan_line(bounded.substr(line_start_, line_feed - line_start_));
    line_start_ = seen_ = line_feed + 1;
    if (!progress || *progress == ScanProgress::complete) return progress;
  }
  seen_ = bounded.size();
  if (block.size() >= limits_.max_head_size) return refuse_size();
  return ScanProgress::need_more;
}

void HeadScanner::reset() noexcept { line_start_ = seen_ = fields_ = 0; }

Verdict<ScanProgress> HeadScanner::scan_line(std::string_view line) {
  if (!line.ends_with('\r')) return refuse(400, "line feed without carriage return");
  line.remove_suffix(1);
  if (expects_start_line()) return scan_start_line(line);
  if (line.empty()) return ScanProgress::complete;
  return scan_field(line);
}

Verdict<ScanProgress> HeadScanner::scan_start_line(std::string_view line) {
  if (kind_ == BlockKind::request) {
    if (auto parts = parse_request_line(line); !parts) return std::unexpected(std::move(parts.error()));
  } else {
    if (auto parts = parse_status_line(line); !parts) return std::unexpected(std::move(parts.error()));
  }
  return ScanProgress::need_more;
}

Verdict<ScanProgress> HeadScanner::scan_field(std::string_view line) {
  if (++fields_ > limits_.max_headers) return refuse(431, "too many header fields");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header line");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "header line without a colon");
  if (!is_token(line.substr(0, colon))) return refuse(400, "malformed field name");
  if (!is_text(line.substr(colon + 1))) return refuse(400, "control byte in a field value");
  return ScanProgress::need_more;
}

std::unexpected<ParseError> HeadScanner::refuse_size() const {
  if (expects_start_line())
    return refuse(414, kind_ == BlockKind::request ? "request line too long" : "status line too long");
  return refuse(431, kind_ == BlockKind::trailers ? "trailers too large" : "head too large");
}

}  // namespace hawser::http
