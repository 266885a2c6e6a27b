#include "event/search_domains.h"

#include <string>
#include <vector>

#include "support/catch.h"

using hawser::event::SearchDomains;

namespace {

using Names = std::vector<std::string>;

SearchDomains with_dots(std::size_t dots) {
  SearchDomains search;
  search.domains = {"ns.svc.cluster.local", "svc.cluster.local"};
  search.dots = dots;
  return search;
}

}  // namespace

TEST_CASE("a name with fewer dots than wanted is asked for with the domains first") {
  CHECK(with_dots(1).full_names_of("chat") == Names{"chat.ns.svc.cluster.local", "chat.svc.cluster.local", "chat"});
  CHECK(with_dots(5).full_names_of("chat.ns").back() == "chat.ns");
}

TEST_CASE("a name with dots enough is asked for as it is first") {
  CHECK(with_dots(1).full_names_of("a.b") == Names{"a.b", "a.b.ns.svc.cluster.local", "a.b.svc.cluster.local"});
  CHECK(with_dots(0).full_names_of("chat").front() == "chat");
}

TEST_CASE("a name that ends in a dot is asked for alone") {
  CHECK(with_dots(5).full_names_of("chat.") == Names{"chat"});
}

TEST_CASE("without domains a name is itself") {
  SearchDomains none;
  none.dots = 5;
  CHECK(none.full_names_of("chat") == Names{"chat"});
}

TEST_CASE("resolv.conf's last search line and last ndots count") {
  const auto found = SearchDomains::of_text(
      "nameserver 10.0.0.2\nsearch old.example\n# search none.example\nsearch  a.example b.example \n"
      "options timeout:1 ndots:3\noptions ndots:2 rotate\n");
  CHECK(found.domains == Names{"a.example", "b.example"});
  CHECK(found.dots == 2);
}

TEST_CASE("a domain line of resolv.conf is a search list of one") {
  const auto found = SearchDomains::of_text("domain example.com\noptions ndots:99");
  CHECK(found.domains == Names{"example.com"});
  CHECK(found.dots == 15);
}

TEST_CASE("a resolv.conf that says nothing of names gives no domains and one dot") {
  const auto found = SearchDomains::of_text("nameserver 10.0.0.2\n;search x\noptions ndots:x edns0\n");
  CHECK(found.domains.empty());
  CHECK(found.dots == 1);
}
