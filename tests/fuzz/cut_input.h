// Cuts a fuzzer's input into pieces as its first bytes say. Test code; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace hawser {

struct CutInput {
  std::string_view text;
  std::vector<std::string_view> pieces;  // the same bytes
  std::uint8_t choice = 0;               // for the target's own use
};

// The first byte is the choice, the next four are sizes of pieces that are repeated to the end; a size of 0 is an
// empty piece once in a round, and four of them mean one piece.
[[nodiscard]] inline CutInput cut_input(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizes = 4;
  CutInput input;
  if (size < kSizes + 1) return input;
  input.choice = data[0];
  const std::uint8_t* const sizes = data + 1;
  input.text = {reinterpret_cast<const char*>(data) + kSizes + 1, size - kSizes - 1};
  const bool is_whole = std::all_of(sizes, sizes + kSizes, [](std::uint8_t each) { return each == 0; });
  auto rest = input.text;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::size_t piece = is_whole ? rest.size() : std::min<std::size_t>(sizes[i % kSizes], rest.size());
    input.pieces.push_back(rest.substr(0, piece));
    rest.remove_prefix(piece);
  }
  return input;
}

}  // namespace hawser
