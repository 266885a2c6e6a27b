#include "unit/config/read_text.h"

namespace hawser::config {

TEST_CASE("Syntax errors carry their place") {
  CHECK(errors_in("listeners: [\n") == Lines{"f:2:1: syntax error: end of sequence flow not found"});
  CHECK(errors_in("a: b: c\n") == Lines{"f:1:5: syntax error: illegal map value"});
  CHECK(errors_in("a:\n\t- b\n").size() == 1);
}

TEST_CASE("Bytes that are not text are refused at their place") {
  CHECK(errors_in(std::string("a: 1\nb: \0\n", 10)) == Lines{"f:2:4: control character 0x00 in the file"});
  CHECK(errors_in("a: 1\nbä: \xff\n") == Lines{"f:2:5: the file is not UTF-8 text: byte 0xff"});
  CHECK(errors_in("\xed\xa0\x80") == Lines{"f:1:1: the file is not UTF-8 text: byte 0xed"});
  CHECK(errors_in("\xc0\xaf") == Lines{"f:1:1: the file is not UTF-8 text: byte 0xc0"});
  CHECK(errors_in("\x7f"
                  "ELF") == Lines{"f:1:1: control character 0x7f in the file"});
}

TEST_CASE("Very deep nesting is refused") {
  const Lines brackets = errors_in(std::string(100'000, '['));
  REQUIRE(brackets.size() == 1);
  CHECK(brackets.front().ends_with(": nested more than 32 deep"));
  std::string dashes;
  for (int i = 0; i < 50'000; ++i) dashes += "- ";
  CHECK(errors_in(dashes) == Lines{"f:1:65: nested more than 32 deep"});
}

TEST_CASE("Aliases that multiply are refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += before + (j < 9 ? ", " : "]\n");
  }
  CHECK(errors_in(bomb) == Lines{"f:6:5: more than 1000000 values, with aliases expanded"});
}

TEST_CASE("An alias inside its own anchor is refused") {
  CHECK(errors_in("a: &a [*a]\n") == Lines{"f:1:8: an alias stands inside the value that it refers to"});
}

TEST_CASE("A file of more than 16 MB is refused") {
  CHECK(errors_in(std::string(16 * 1024 * 1024 + 1, '#')) == Lines{"f: the file is larger than 16 MB"});
}

TEST_CASE("A second document, a tag of somebody's own and a key that is no text are refused") {
  CHECK(errors_in(kSmallest + "---\na: b\n") == Lines{"f:4:1: a second document begins here; a file holds only one"});
  CHECK(errors_in("workers: !own 2\n" + kSmallest) == Lines{"f:1:10: the tag '!own' is not supported"});
  CHECK(errors_in("? [a]\n: b\n" + kSmallest).front() == "f:1:3: a key must be text, not a list");
}

TEST_CASE("Odd text in a message is made harmless") {
  CHECK(errors_in("\"a\\e[31m\": 1\n" + kSmallest) == Lines{"f:1:1: 'a\\x1b[31m': unknown key 'a\\x1b[31m'"});
}

}  // namespace hawser::config
