#include "event/search_domains.h"

#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>

namespace hawser::event {

// Asked of the C library, as c-ares tells its own search list only in some versions.
SearchDomains SearchDomains::of_system() {
  SearchDomains found;
  struct __res_state state{};
  if (res_ninit(&state) != 0) return found;
  for (char** domain = state.dnsrch; *domain != nullptr; ++domain) found.domains.emplace_back(*domain);
  found.dots = state.ndots;
  res_nclose(&state);
  return found;
}

std::vector<std::string> SearchDomains::full_names_of(const std::string& host) const {
  if (host.ends_with('.')) return {host.substr(0, host.size() - 1)};
  std::vector<std::string> names;
  for (const std::string& domain : domains) names.emplace_back(host).append(".").append(domain);
  const bool is_long = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.')) >= dots;
  names.insert(is_long ? names.begin() : names.end(), host);
  return names;
}

}  // namespace hawser::event
