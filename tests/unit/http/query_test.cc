#include "http/query.h"

#include "support/catch.h"

namespace hawser::http {

TEST_CASE("a query argument is found by its whole name") {
  CHECK(find_query_argument("id=1&xid=2&i=3", "id") == "1");
  CHECK(find_query_argument("id=1&xid=2&i=3", "i") == "3");
  CHECK_FALSE(find_query_argument("id=1", "ID"));
  CHECK_FALSE(find_query_argument("id=1", ""));
  CHECK_FALSE(find_query_argument("", "id"));
}

TEST_CASE("the first query argument of a name wins and stays raw") {
  CHECK(find_query_argument("a=x%20y=z&a=2", "a") == "x%20y=z");
}

TEST_CASE("a query argument may have no value") {
  CHECK(find_query_argument("a&b=&c=1", "a") == "");
  CHECK(find_query_argument("a&b=&c=1", "b") == "");
}

TEST_CASE("a cookie is found in any Cookie field") {
  HeaderList headers;
  headers.add("Cookie", "a=1; session=abc=; b=2");
  headers.add("cookie", "late=3");
  CHECK(find_cookie(headers, "session") == "abc=");
  CHECK(find_cookie(headers, "b") == "2");
  CHECK(find_cookie(headers, "late") == "3");
  CHECK_FALSE(find_cookie(headers, "sess"));
  CHECK_FALSE(find_cookie(headers, "A"));
}

TEST_CASE("what is no pair is no cookie") {
  HeaderList headers;
  headers.add("Cookie", "alone; x=1");
  CHECK_FALSE(find_cookie(headers, "alone"));
  CHECK(find_cookie(headers, "x") == "1");
}

}  // namespace hawser::http
