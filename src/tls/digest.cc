#include "tls/digest.h"

#include <utility>

#include "tls/openssl_handle.h"

namespace hawser::tls {
namespace {

const unsigned char* as_chars(std::span<const std::byte> bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned char kNoSextet = 0xff;

// What each byte stands for in base64.
constexpr auto kSextets = [] {
  std::array<unsigned char, 256> sextets{};
  sextets.fill(kNoSextet);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    sextets[static_cast<unsigned char>(kAlphabet[i])] = static_cast<unsigned char>(i);
  }
  return sextets;
}();

std::string_view without_padding(std::string_view text) noexcept {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

// SHA-1 looked up once, and a context to use again: OpenSSL's one-shot call makes both anew each time.
class Sha1 {
 public:
  [[nodiscard]] Sha1Digest hash(std::span<const std::byte> bytes) noexcept {
    Sha1Digest digest{};
    const bool is_done =
        context_ && EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
        EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1;
    return is_done ? digest : Sha1Digest{};
  }

 private:
  DigestHandle algorithm_{EVP_MD_fetch(nullptr, "SHA1", nullptr)};
  DigestContextHandle context_{EVP_MD_CTX_new()};
};

}  // namespace

Sha1Digest sha1(std::span<const std::byte> bytes) noexcept {
  thread_local Sha1 hasher;
  return hasher.hash(bytes);
}

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // Writes a terminating zero, for which std::string has room behind its last character.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_chars(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::vector<std::byte>> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  text = without_padding(text);
  std::vector<std::byte> bytes(text.size() * 3 / 4);
  auto next = bytes.begin();
  unsigned bits = 0;
  unsigned bit_count = 0;
  for (const char c : text) {
    const unsigned char sextet = kSextets[static_cast<unsigned char>(c)];
    if (sextet == kNoSextet) return std::nullopt;
    bits = (bits << 6U) | sextet;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    *next++ = static_cast<std::byte>(bits >> bit_count);
    bits &= (1U << bit_count) - 1;
  }
  return bits == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace hawser::tls
