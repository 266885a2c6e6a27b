// Looks at the raw lines of a head, or of trailers, before anything else does: llhttp accepts folds, bare LF and more
// that its callbacks no longer show. The verdict depends only on the bytes, never on how they were split. One thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/parser.h"
#include "http/verdict.h"

namespace hawser::http {

enum class BlockKind : std::uint8_t { request, response, trailers };

enum class ScanProgress : std::uint8_t { need_more, complete };

class HeadScanner {
 public:
  HeadScanner(BlockKind kind, const ParserLimits& limits) noexcept : kind_(kind), limits_(limits) {}

  // `block` is everything received since the first byte of the block, so each call repeats what earlier calls saw;
  // bytes that were seen are not read again. Complete: the block ends at size().
  [[nodiscard]] Verdict<ScanProgress> scan(std::string_view block);
  [[nodiscard]] std::size_t size() const noexcept { return line_start_; }
  [[nodiscard]] std::size_t fields() const noexcept { return fields_; }
  void reset() noexcept;

 private:
  [[nodiscard]] Verdict<ScanProgress> scan_line(std::string_view line);
  [[nodiscard]] Verdict<ScanProgress> scan_start_line(std::string_view line);
  [[nodiscard]] Verdict<ScanProgress> scan_field(std::string_view line);
  [[nodiscard]] std::unexpected<ParseError> refuse_size() const;
  [[nodiscard]] bool expects_start_line() const noexcept { return kind_ != BlockKind::trailers && line_start_ == 0; }

  BlockKind kind_;
  ParserLimits limits_;
  std::size_t line_start_ = 0;
  std::size_t seen_ = 0;
  std::size_t fields_ = 0;
};

}  // namespace hawser::http
