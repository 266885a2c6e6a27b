// Which full names a short host name may stand for, as resolv.conf(5) says with its search and ndots. A value; any
// thread. For this room only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hawser::event {

struct SearchDomains {
  // Those of the system; none when they cannot be known.
  [[nodiscard]] static SearchDomains of_system();

  // Those that the text of a resolv.conf(5) says: the last line with `search` or `domain` counts, and the last `ndots`.
  [[nodiscard]] static SearchDomains of_text(const std::string& resolv_conf);

  // In the order in which to ask. A name with `dots` dots is tried as it is first, others last; one that ends in a dot
  // is tried without the dot and without any domain.
  [[nodiscard]] std::vector<std::string> full_names_of(const std::string& host) const;

  std::vector<std::string> domains;
  std::size_t dots = 1;
};

}  // namespace hawser::event
