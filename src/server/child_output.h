// What a child writes to its standard error: passed on to ours as it comes, its last lines kept for the log. Main
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

class ChildOutput {
 public:
  static constexpr std::size_t kMaxLines = 20;
  static constexpr std::size_t kMaxLineLength = 1000;  // bytes

  // Passes on `text` unless our standard error would block.
  void take(std::string_view text);
  // The child writes no more: what stands without a line end is a line.
  void finish();
  [[nodiscard]] const std::vector<std::string>& last_lines() const noexcept { return lines_; }

 private:
  void add_line();

  std::string line_;
  std::vector<std::string> lines_;
};

}  // namespace hawser::server
