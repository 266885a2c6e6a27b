#include "tls/digest.h"

#include <string>
#include <thread>

#include "support/catch.h"

namespace hawser::tls {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_CASE("The accept key of RFC 6455, section 1.3, comes out") {
  CHECK(base64_encode(sha1(bytes_of("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))) ==
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("SHA-1 follows the vectors of FIPS 180, however often and wherever it is asked") {
  const std::string abc = "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";
  CHECK(base64_encode(sha1(bytes_of("abc"))) == abc);
  CHECK(base64_encode(sha1({})) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  CHECK(base64_encode(sha1(bytes_of("abc"))) == abc);
  std::string of_another_thread;
  std::thread([&] { of_another_thread = base64_encode(sha1(bytes_of("abc"))); }).join();
  CHECK(of_another_thread == abc);
}

TEST_CASE("Base64 follows the vectors of RFC 4648, section 10, both ways") {
  const auto [plain, encoded] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                          {"f", "Zg=="},
                                                                          {"fo", "Zm8="},
                                                                          {"foo", "Zm9v"},
                                                                          {"foob", "Zm9vYg=="},
                                                                          {"fooba", "Zm9vYmE="},
                                                                          {"foobar", "Zm9vYmFy"}}));
  CHECK(base64_encode(bytes_of(plain)) == encoded);
  REQUIRE(base64_decode(encoded).has_value());
  CHECK(text_of(*base64_decode(encoded)) == plain);
}

TEST_CASE("A WebSocket key decodes to 16 bytes") {
  REQUIRE(base64_decode("dGhlIHNhbXBsZSBub25jZQ==").has_value());
  CHECK(base64_decode("dGhlIHNhbXBsZSBub25jZQ==")->size() == 16);
}

TEST_CASE("Base64 that is not canonical is refused") {
  const auto* const text = GENERATE("Zg", "Zg=", "Zg===", "=Zg=", "Z===", "====", "Zm9v\n", " Zm9", "Zm9v ",
                                    "Zm9vZm9\n", "Zh==", "Zm9=", "Zm-_", "Zg==Zg==", "Zm9v=", "Z g=", "\xc3\xa4oo");
  CAPTURE(text);
  CHECK_FALSE(base64_decode(text).has_value());
}

}  // namespace
}  // namespace hawser::tls
