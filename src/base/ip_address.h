// IP addresses and networks as values; no resolving, no sockets. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hawser {

// An IPv4 or IPv6 address. IPv4-mapped IPv6 (::ffff:a.b.c.d) is kept as IPv4.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // From 4 or 16 bytes in network order.
  [[nodiscard]] static IpAddress from_v4(const std::array<std::uint8_t, 4>& bytes) noexcept;
  [[nodiscard]] static IpAddress from_v6(const std::array<std::uint8_t, 16>& bytes) noexcept;
  // Dotted decimal or RFC 4291 text, without brackets; nothing for anything else.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

  [[nodiscard]] bool is_v6() const noexcept { return is_v6_; }
  [[nodiscard]] bool is_loopback() const noexcept;
  // Network order; the first 4 bytes are the address when it is IPv4.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool is_v6_ = false;
};

// A network in CIDR notation; an address alone is a network of one.
class IpNetwork {
 public:
  // invalid_argument for a bad address or prefix length, and for bits set behind the prefix.
  [[nodiscard]] static Result<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

 private:
  IpAddress network_;
  unsigned prefix_bits_ = 0;
};

[[nodiscard]] bool is_in_any(std::span<const IpNetwork> networks, const IpAddress& address) noexcept;

}  // namespace hawser
