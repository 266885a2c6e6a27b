#include "http/header_list.h"

#include "support/catch.h"

namespace hawser::http {

namespace {

HeaderList sample() {
  HeaderList list;
  list.add("Accept", "a, b");
  list.add("X-One", "1");
  list.add("accept", "c");
  return list;
}

}  // namespace

TEST_CASE("names are found without case, the first one wins") {
  CHECK(sample().find("ACCEPT") == "a, b");
  CHECK(sample().find("x-one") == "1");
  CHECK_FALSE(sample().find("x-two"));
  CHECK(sample().count("Accept") == 2);
}

TEST_CASE("the only field of a name is found, one of several is not") {
  CHECK(sample().find_only("x-ONE") == "1");
  CHECK_FALSE(sample().find_only("accept"));
  CHECK_FALSE(sample().find_only("x-two"));
}

TEST_CASE("removing takes every field of the name and keeps the order of the rest") {
  auto list = sample();
  list.add("X-Two", "2");
  CHECK(list.remove("aCCept") == 2);
  REQUIRE(list.size() == 2);
  CHECK(list.at(0).name == "X-One");
  CHECK(list.at(1).value == "2");
  CHECK(list.remove("accept") == 0);
}

TEST_CASE("setting leaves exactly one field of the name") {
  auto list = sample();
  list.set("Accept", "d");
  CHECK(list.count("accept") == 1);
  CHECK(list.find("accept") == "d");
}

TEST_CASE("tokens are members of any field's list, without case") {
  const auto list = sample();
  CHECK(list.has_token("accept", "B"));
  CHECK(list.has_token("accept", "c"));
  CHECK_FALSE(list.has_token("accept", "a, b"));
  CHECK_FALSE(list.has_token("accept", "d"));
}

TEST_CASE("a token is a whole member") {
  HeaderList list;
  list.add("Connection", " ,\tkeep-alive ,, Upgrade\t");
  CHECK(list.has_token("connection", "upgrade"));
  CHECK(list.has_token("connection", "keep-alive"));
  CHECK_FALSE(list.has_token("connection", "keep"));
  CHECK_FALSE(list.has_token("connection", "alive"));
}

TEST_CASE("a cleared list is empty and can be filled again") {
  auto list = sample();
  list.clear();
  CHECK(list.size() == 0);
  list.add("B", "2");
  CHECK(list.find("b") == "2");
}

}  // namespace hawser::http
