#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/number.h"

namespace hawser {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_bit_set(const std::array<std::uint8_t, 16>& bytes, unsigned bit) {
  return (bytes[bit / 8] & (0x80U >> (bit % 8))) != 0;
}

// inet_ntop() goes through printf for this, which is a twentieth of an upgrade's work.
std::string dotted_decimal(const std::array<std::uint8_t, 4>& bytes) {
  std::array<char, INET_ADDRSTRLEN> text{};
  char* end = text.data();
  for (const std::uint8_t byte : bytes) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), byte).ptr;
  }
  return {text.data(), end};
}

}  // namespace

IpAddress IpAddress::from_v4(const std::array<std::uint8_t, 4>& bytes) noexcept {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::from_v6(const std::array<std::uint8_t, 16>& bytes) noexcept {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
    return from_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.bytes_ = bytes;
  address.is_v6_ = true;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  char terminated[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated, v4.data()) == 1) return from_v4(v4);
  std::array<std::uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, terminated, v6.data()) == 1) return from_v6(v6);
  return std::nullopt;
}

bool IpAddress::is_loopback() const noexcept {
  if (!is_v6_) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

std::string IpAddress::to_string() const {
  if (!is_v6_) return dotted_decimal({bytes_[0], bytes_[1], bytes_[2], bytes_[3]});
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return failure(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not a network: " + std::string(why));
  };
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return refuse("no IPv4 or IPv6 address");
  const unsigned width = address->is_v6() ? 128 : 32;
  IpNetwork network;
  network.network_ = *address;
  network.prefix_bits_ = width;
  if (slash == std::string_view::npos) return network;
  // The writer may count from the start of the IPv6 form, we count from the IPv4 one: too wide a network would result.
  const bool is_mapped = !address->is_v6() && text.find(':') != std::string_view::npos;
  if (is_mapped) return refuse("write an IPv4 network without ::ffff:");
  const auto prefix = parse_number<unsigned>(text.substr(slash + 1));
  if (!prefix || *prefix > width) return refuse("the prefix length is not 0 to " + std::to_string(width));
  network.prefix_bits_ = *prefix;
  for (unsigned bit = *prefix; bit < width; ++bit) {
    if (is_bit_set(address->bytes(), bit)) return refuse("bits are set behind the prefix");
  }
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (address.is_v6() != network_.is_v6()) return false;
  for (unsigned bit = 0; bit < prefix_bits_; ++bit) {
    if (is_bit_set(address.bytes(), bit) != is_bit_set(network_.bytes(), bit)) return false;
  }
  return true;
}

bool is_in_any(std::span<const IpNetwork> networks, const IpAddress& address) noexcept {
  return std::ranges::any_of(networks, [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace hawser
