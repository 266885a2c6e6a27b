// The keys that protect TLS session tickets: who has them can resume, and read, the sessions of a listener. Values that
// wipe themselves; any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace hawser::tls {

class TicketKeys {
 public:
  // Name of the key, HMAC key and AES key, as OpenSSL's built-in ticket protection takes them.
  static constexpr std::size_t kSize = 80;

  // Random ones.
  [[nodiscard]] static Result<TicketKeys> make();
  // Nothing when `bytes` are not kSize many.
  [[nodiscard]] static std::optional<TicketKeys> from_bytes(std::string_view bytes);
  TicketKeys(const TicketKeys&) = default;
  TicketKeys& operator=(const TicketKeys&) = default;
  ~TicketKeys();

  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), bytes_.size()}; }

 private:
  TicketKeys() = default;

  std::array<char, kSize> bytes_{};
};

}  // namespace hawser::tls
