// A fuzzer's input for a whole connection: a first line that people can read, then the bytes that are sent. Each
// target says what the letters of the line mean. Test code; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "unit/http/transcript.h"

namespace hawser::proxy::fuzz {

// How the bytes are cut: each character is a size, counted from '0', repeated to the end; '0' is all that is left.
inline http::Pieces cut(std::string_view text, std::string_view sizes) {
  http::Pieces pieces;
  for (std::size_t i = 0; !text.empty(); ++i) {
    const std::size_t size = static_cast<std::uint8_t>(sizes[i % sizes.size()] - '0');
    const auto piece = size == 0 ? text : text.substr(0, size);
    pieces.push_back(piece);
    text.remove_prefix(piece.size());
  }
  return pieces;
}

struct ConnectionScript {
  std::string_view letters;
  std::string_view text;
};

// Nothing when the input is too short. `letters` many characters, one more that ends the line, the rest.
inline std::optional<ConnectionScript> read_script(const std::uint8_t* data, std::size_t size, std::size_t letters) {
  if (size <= letters) return std::nullopt;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  return ConnectionScript{input.substr(0, letters), input.substr(letters + 1)};
}

// Bytes that live only while they are handed over, as those of a read do: who keeps a view of them is found out.
class ShortLived {
 public:
  explicit ShortLived(std::string_view text) : size_(text.size()), bytes_(std::make_unique<std::byte[]>(size_)) {
    std::ranges::copy(std::as_bytes(std::span(text)), bytes_.get());
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace hawser::proxy::fuzz
