// The one door to hashes that a protocol prescribes, and to base64 which carries them. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::tls {

using Sha1Digest = std::array<std::byte, 20>;

// SHA-1 of `bytes`, for Sec-WebSocket-Accept (RFC 6455, section 4.2.2); not for anything that must resist forgery. All
// zero when OpenSSL is set up to refuse SHA-1.
[[nodiscard]] Sha1Digest sha1(std::span<const std::byte> bytes) noexcept;

// Base64 with padding and without line breaks (RFC 4648, section 4).
[[nodiscard]] std::string base64_encode(std::span<const std::byte> bytes);

// What `text` encodes; nothing unless it is canonical: padded to a multiple of 4, the alphabet of RFC 4648 section 4
// only, no white space, bits behind the last byte zero.
[[nodiscard]] std::optional<std::vector<std::byte>> base64_decode(std::string_view text);

}  // namespace hawser::tls
