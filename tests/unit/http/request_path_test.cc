#include "http/request_path.h"

#include <string>

#include "support/catch.h"

namespace hawser::http {

namespace {

// The path, or the reason why there is none.
std::string normalized(std::string_view path) {
  auto outcome = normalize_path(path);
  if (outcome) return *std::move(outcome);
  CHECK(outcome.error().status == 400);
  return outcome.error().reason;
}

std::string encoded(std::string_view path) {
  std::string out;
  append_encoded_path(out, path);
  return out;
}

constexpr std::string_view kAboveRoot = "path leads above the root";
constexpr std::string_view kNul = "NUL byte in the path";

}  // namespace

TEST_CASE("a path that is plain stays as it is") {
  for (const auto* path : {"/", "/a", "/a/", "/a/b.c", "/a/b..", "/a...", "/~x/;p=1,2", "*"}) {
    CHECK(normalized(path) == path);
  }
}

TEST_CASE("a path is decoded once") {
  CHECK(normalized("/%61%2B%20") == "/a+ ");
  CHECK(normalized("/%2561") == "/%61");
  CHECK(normalized("/a%3Fb%23c") == "/a?b#c");
  CHECK(normalized("/%c3%A4") == "/\xc3\xa4");
  CHECK(normalized("/%00") == kNul);
  CHECK(normalized("/a%00/../..") == kNul);
}

TEST_CASE("repeated slashes are one") {
  CHECK(normalized("//") == "/");
  CHECK(normalized("//a///b//") == "/a/b/");
  CHECK(normalized("/a%2F%2fb") == "/a/b");
}

TEST_CASE("dot segments are resolved") {
  CHECK(normalized("/a//./b/../%63") == "/a/c");
  CHECK(normalized("/.") == "/");
  CHECK(normalized("/a/.") == "/a/");
  CHECK(normalized("/a/..") == "/");
  CHECK(normalized("/a/b/..") == "/a/");
  CHECK(normalized("/a/b/../") == "/a/");
  CHECK(normalized("/a/b/../../c/../d") == "/d");
  CHECK(normalized("/%2e/a/%2E%2e/b") == "/b");
  CHECK(normalized("/a%2f..%2fb") == "/b");
}

TEST_CASE("only whole segments are dot segments") {
  CHECK(normalized("/.a/..b/.../c.") == "/.a/..b/.../c.");
  CHECK(normalized("/.well-known/x") == "/.well-known/x");
}

TEST_CASE("a path leads nowhere above the root") {
  CHECK(normalized("/..") == kAboveRoot);
  CHECK(normalized("/../a") == kAboveRoot);
  CHECK(normalized("/a/../../a") == kAboveRoot);
  CHECK(normalized("/a//../../b") == kAboveRoot);
  CHECK(normalized("/%2e%2e/a") == kAboveRoot);
  CHECK(normalized("/a/%2e./..%2f") == kAboveRoot);
}

TEST_CASE("what may not stand in a target is percent-encoded") {
  CHECK(encoded("/a-Z0._~!$&'()*+,;=:@") == "/a-Z0._~!$&'()*+,;=:@");
  CHECK(encoded("/a b?c#d%e\"<\\\x01\x7f\xc3") == "/a%20b%3Fc%23d%25e%22%3C%5C%01%7F%C3");
}

TEST_CASE("an encoded path means the same again") {
  for (unsigned byte = 1; byte < 256; ++byte) {
    const std::string path = {'/', 'a', static_cast<char>(byte), 'b'};
    if (path[2] == '/' || path[2] == '\0') continue;
    CHECK(normalized(encoded(path)) == path);
  }
}

TEST_CASE("a URL keeps what URLs are made of, and nothing else stays as it is") {
  const auto url = [](std::string_view text) {
    std::string out;
    append_url(out, text);
    return out;
  };
  const std::string whole = "https://u:p@[::1]:80/a-Z0._~!$&'()*+,;=%2F?b=c&d=?#e";
  CHECK(url(whole) == whole);
  CHECK(url("a\r\nb \t\\\"<>^`{|}\x7f\xc3") == "a%0D%0Ab%20%09%5C%22%3C%3E%5E%60%7B%7C%7D%7F%C3");
}

}  // namespace hawser::http
