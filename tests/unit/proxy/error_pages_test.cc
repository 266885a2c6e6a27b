// ErrorPages: which file answers for which status, and what is said of files that cannot.
#include "proxy/error_pages.h"

#include <string>

#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

config::ErrorPage page(const std::string& file, std::uint16_t first, std::uint16_t last) {
  config::ErrorPage page;
  page.statuses = {{first, last}};
  page.file = file;
  page.where = {.file = "hawser.yaml", .line = 7, .column = 3, .path = "error_pages[0].file"};
  return page;
}

std::string body_of(const std::shared_ptr<const ErrorPages>& pages, int status) {
  REQUIRE(pages);
  const ErrorPageContent* const content = pages->find(status);
  return content != nullptr ? content->body : "(none)";
}

// What is said of the one page of `file`.
std::string complaint_of(const std::string& file) {
  config::Diagnostics diagnostics;
  (void)ErrorPages::load({page(file, 500, 599)}, nullptr, diagnostics);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics[0].where.line == 7);
  CHECK(config::has_errors(diagnostics));
  return diagnostics[0].message;
}

}  // namespace

TEST_CASE("a page answers for every status of its ranges and for no other") {
  const test::TemporaryFolder folder;
  folder.write("5xx.html", "<p>sorry</p>");
  config::Diagnostics diagnostics;
  config::ErrorPage two_ranges = page(folder.file("5xx.html"), 502, 504);
  two_ranges.statuses.push_back({404, 404});
  const auto pages = ErrorPages::load({two_ranges}, nullptr, diagnostics);
  CHECK(diagnostics.empty());
  for (const int status : {502, 503, 504, 404}) CHECK(body_of(pages, status) == "<p>sorry</p>");
  for (const int status : {501, 505, 403, 405}) CHECK(body_of(pages, status) == "(none)");
}

TEST_CASE("of several pages for a status the first counts") {
  const test::TemporaryFolder folder;
  folder.write("one.html", "one");
  folder.write("all.html", "all");
  config::Diagnostics diagnostics;
  const auto pages = ErrorPages::load(
      {page(folder.file("one.html"), 503, 503), page(folder.file("all.html"), 500, 599)}, nullptr, diagnostics);
  CHECK(body_of(pages, 503) == "one");
  CHECK(body_of(pages, 502) == "all");
}

TEST_CASE("behind a route's pages stand those of the whole configuration") {
  const test::TemporaryFolder folder;
  folder.write("own.html", "own");
  folder.write("top.html", "top");
  config::Diagnostics diagnostics;
  const auto top = ErrorPages::load({page(folder.file("top.html"), 500, 599)}, nullptr, diagnostics);
  const auto pages = ErrorPages::load({page(folder.file("own.html"), 503, 503)}, top.get(), diagnostics);
  CHECK(body_of(pages, 503) == "own");
  CHECK(body_of(pages, 502) == "top");
  CHECK(body_of(top, 503) == "top");
}

TEST_CASE("without any page there are none") {
  config::Diagnostics diagnostics;
  CHECK(ErrorPages::load({}, nullptr, diagnostics) == nullptr);
}

TEST_CASE("the suffix of a file names its type, HTML where it says nothing known") {
  const auto [name, type] = GENERATE(table<std::string, std::string>({{"a.html", "text/html"},
                                                                      {"a.json", "application/json"},
                                                                      {"a.JSON", "application/json"},
                                                                      {"a.txt", "text/plain"},
                                                                      {"a.xml", "application/xml"},
                                                                      {"a.tpl", "text/html"},
                                                                      {"a", "text/html"}}));
  const test::TemporaryFolder folder;
  folder.write(name, "text");
  config::Diagnostics diagnostics;
  const auto pages = ErrorPages::load({page(folder.file(name), 500, 500)}, nullptr, diagnostics);
  REQUIRE(pages);
  REQUIRE(pages->find(500) != nullptr);
  CHECK(pages->find(500)->type == type);
}

TEST_CASE("a file of the largest size is read whole, one byte more is refused") {
  const test::TemporaryFolder folder;
  folder.write("largest.html", std::string(ErrorPages::kMaxFileSize, 'x'));
  config::Diagnostics diagnostics;
  const auto pages = ErrorPages::load({page(folder.file("largest.html"), 500, 500)}, nullptr, diagnostics);
  CHECK(diagnostics.empty());
  CHECK(body_of(pages, 500).size() == ErrorPages::kMaxFileSize);
  folder.write("larger.html", std::string(ErrorPages::kMaxFileSize + 1, 'x'));
  CHECK_THAT(complaint_of(folder.file("larger.html")), Catch::EndsWith("larger.html: is larger than 1m"));
}

TEST_CASE("an empty file is an empty page") {
  const test::TemporaryFolder folder;
  folder.write("empty.html", "");
  config::Diagnostics diagnostics;
  CHECK(body_of(ErrorPages::load({page(folder.file("empty.html"), 500, 500)}, nullptr, diagnostics), 500).empty());
  CHECK(diagnostics.empty());
}

TEST_CASE("a missing file, a folder and a device are errors that name the file, and hide no other page") {
  const test::TemporaryFolder folder;
  CHECK_THAT(complaint_of(folder.file("gone.html")), Catch::Contains("gone.html: No such file"));
  CHECK_THAT(complaint_of("/"), Catch::EndsWith("is not a regular file"));
  CHECK_THAT(complaint_of("/dev/zero"), Catch::EndsWith("/dev/zero: is not a regular file"));
  folder.write("there.html", "there");
  config::Diagnostics diagnostics;
  const auto pages = ErrorPages::load(
      {page(folder.file("gone.html"), 500, 500), page("/", 501, 501), page(folder.file("there.html"), 502, 502)},
      nullptr, diagnostics);
  CHECK(diagnostics.size() == 2);
  CHECK(body_of(pages, 502) == "there");
}
