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
