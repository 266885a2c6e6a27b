#include "upstream/probe_text.h"

#include <string>

#include "support/catch.h"

namespace hawser::upstream {

TEST_CASE("a text is found wherever the bytes are cut") {
  const std::string bytes = "aabaabaab!";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    TextSearch search("aabaab!");
    search.feed(bytes.substr(0, cut));
    search.feed(bytes.substr(cut));
    CHECK(search.is_found());
  }
  TextSearch bytewise("aabaab!");
  for (const char byte : bytes) bytewise.feed({&byte, 1});
  CHECK(bytewise.is_found());
}

TEST_CASE("a text that is not there whole is not found") {
  TextSearch search("abc");
  for (const char* piece : {"ab", "ab", "", "bc", "a", "b"}) search.feed(piece);
  CHECK_FALSE(search.is_found());
}

TEST_CASE("no text at all is found at once, also after a new start") {
  TextSearch search("");
  CHECK(search.is_found());
  search.restart();
  CHECK(search.is_found());
}

TEST_CASE("a text is looked for in the first 64 KB only") {
  const std::string before(TextSearch::kWindow - 3, '.');
  TextSearch inside("abc");
  inside.feed(before);
  CHECK_FALSE(inside.is_full());
  inside.feed("abc");
  CHECK(inside.is_found());
  CHECK(inside.is_full());

  TextSearch across("abcd");
  across.feed(before + "abcd");
  across.feed("abcd");
  CHECK_FALSE(across.is_found());
  CHECK(across.is_full());
}

TEST_CASE("a search that starts anew has forgotten what it saw") {
  TextSearch search("ab");
  search.feed("ab");
  search.restart();
  CHECK_FALSE(search.is_found());
  search.feed("a");
  search.restart();
  search.feed("b");
  CHECK_FALSE(search.is_found());
}

}  // namespace hawser::upstream
