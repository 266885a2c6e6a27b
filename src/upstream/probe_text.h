// Looks for a text in the first 64 KB of bytes that come in pieces; keeps no more of them than it must. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace hawser::upstream {

class TextSearch {
 public:
  static constexpr std::size_t kWindow = std::size_t{64} * 1024;

  // An empty text is found at once.
  explicit TextSearch(std::string wanted) : wanted_(std::move(wanted)) { restart(); }

  void restart() {
    tail_.clear();
    seen_ = 0;
    is_found_ = wanted_.empty();
  }
  void feed(std::string_view piece) {
    const std::size_t taken = std::min(piece.size(), kWindow - seen_);
    seen_ += taken;
    if (is_found_) return;
    tail_.append(piece.substr(0, taken));
    is_found_ = tail_.find(wanted_) != std::string::npos;
    if (tail_.size() >= wanted_.size()) tail_.erase(0, tail_.size() - wanted_.size() + 1);
  }

  [[nodiscard]] bool is_found() const noexcept { return is_found_; }
  // Whether what follows is not looked at.
  [[nodiscard]] bool is_full() const noexcept { return seen_ == kWindow; }

 private:
  std::string wanted_;
  std::string tail_;  // what a text that is not yet whole may have begun with
  std::size_t seen_ = 0;
  bool is_found_ = false;
};

}  // namespace hawser::upstream
