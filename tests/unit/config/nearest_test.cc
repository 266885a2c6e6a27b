#include "config/nearest.h"

#include "support/catch.h"

namespace hawser::config {

TEST_CASE("Edits are counted, a swap of neighbours as one") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("blance", "balance") == 1);
  CHECK(edit_distance("lgo", "log") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("Only a near word is a hint, whatever the case") {
  const std::vector<std::string_view> words{"listeners", "routes", "upstreams", "log"};
  CHECK(nearest("Listener", words) == "listeners");
  CHECK(nearest("upstraems", words) == "upstreams");
  CHECK(nearest("x", words).empty());
  CHECK(nearest("completely", words).empty());
  CHECK(nearest(std::string(100'000, 'l'), words).empty());
  CHECK(did_you_mean("rout", words) == ", did you mean 'routes'?");
}

}  // namespace hawser::config
