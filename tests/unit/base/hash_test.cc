#include "base/hash.h"

#include <string>

#include "support/catch.h"

using namespace hawser;

// Rings of several proxies, and of one before and after an update, must agree: these values never change.
TEST_CASE("Hashes are those of XXH3-64 for ever") {
  CHECK(hash64("") == 0x2d06800538d394c2);
  CHECK(hash64("a") == 0xe6c632b61e964e1f);
  CHECK(hash64("abc") == 0x78af5f94892f3950);
}

TEST_CASE("The seed and every byte, NUL included, change the hash") {
  CHECK(hash64("key", 1) != hash64("key", 2));
  CHECK(hash64("key") == hash64("key", 0));
  CHECK(hash64(std::string_view("a\0b", 3)) != hash64(std::string_view("a\0c", 3)));
}
