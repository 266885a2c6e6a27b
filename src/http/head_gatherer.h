// Brings one head together: in place when the input holds all of it, else in a buffer of at most max_head_size bytes.
// Owned by a message parser; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/head_scanner.h"

namespace hawser::http {

class HeadGatherer {
 public:
  HeadGatherer(BlockKind kind, const ParserLimits& limits) noexcept;

  struct Progress {
    ScanProgress progress = ScanProgress::need_more;
    std::size_t consumed = 0;
  };
  [[nodiscard]] Verdict<Progress> gather(std::string_view input);

  // After complete: the head with its empty line. It may be a part of the last input.
  [[nodiscard]] std::string_view block() const noexcept { return block_; }
  [[nodiscard]] std::size_t fields() const noexcept { return scanner_.fields(); }
  // Whether bytes of an unfinished head are held.
  [[nodiscard]] bool is_partial() const noexcept { return !buffer_.empty(); }
  void reset() noexcept;

 private:
  [[nodiscard]] Verdict<std::size_t> skip_empty_lines(std::string_view input);
  [[nodiscard]] Verdict<Progress> gather_in_place(std::string_view input);
  [[nodiscard]] Verdict<Progress> gather_in_buffer(std::string_view input);

  BlockKind kind_;
  std::size_t max_size_;
  HeadScanner scanner_;
  std::string buffer_;
  std::string_view block_;
  unsigned empty_lines_ = 0;
  bool after_carriage_return_ = false;  // the first half of an empty line was taken
};

}  // namespace hawser::http
