#include "tls/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace hawser::tls {
namespace {

const unsigned char* as_chars(std::span<const std::byte> bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::size_t padding_of(std::string_view text) noexcept {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

}  // namespace

Sha1Digest sha1(std::span<const std::byte> bytes) noexcept {
  Sha1Digest digest;
  SHA1(as_chars(bytes), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // Writes a terminating zero, for which std::string has room behind its last character.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_chars(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::vector<std::byte>> base64_decode(std::string_view text) {
  if (text.empty()) return std::vector<std::byte>{};
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::byte> bytes(text.size() / 4 * 3);
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding_of(text));
  // OpenSSL forgives white space, padding inside and stray bits; only the canonical text encodes back to itself.
  if (base64_encode(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace hawser::tls
