// Words at a time and bytes at a time must agree about what is text.
#include "http/character_class.h"

#include <string>

#include "support/catch.h"

namespace hawser::http {

TEST_CASE("text has no control byte but the tab, wherever it stands") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t position = 0; position < 19; ++position) {
      std::string text(19, '\x80');
      text[position] = static_cast<char>(byte);
      const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
      CAPTURE(byte, position);
      CHECK(is_text(text) != is_control);
    }
  }
}

TEST_CASE("a tab does not hide a control byte behind it") {
  CHECK(is_text("a\tb\tc\td\te\tf\tg"));
  CHECK_FALSE(is_text("a\tbcdefghijklmnop\x7f"));
  CHECK_FALSE(is_text("\t\x01"));
}

TEST_CASE("a token has a character, and only those of tokens") {
  CHECK(is_token("!#$%&'*+-.^_`|~09azAZ"));
  CHECK_FALSE(is_token(""));
  for (const char c : std::string_view("\"(),/:;<=>?@[\\]{} \t\x7f\x80")) CHECK_FALSE(is_token(std::string("a") + c));
}

}  // namespace hawser::http
