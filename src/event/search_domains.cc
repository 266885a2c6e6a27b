#include "event/search_domains.h"

#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <sstream>
#include <string_view>

#include "event/resolver.h"

namespace hawser::event {

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

void read_option(std::string_view option, std::size_t& dots) {
  constexpr std::string_view kDots = "ndots:";
  constexpr std::size_t kMostDots = 15;
  if (!option.starts_with(kDots)) return;
  std::size_t found = 0;
  const auto read = std::from_chars(option.data() + kDots.size(), option.data() + option.size(), found);
  if (read.ec == std::errc()) dots = std::min(found, kMostDots);
}

}  // namespace

SearchDomains SearchDomains::of_text(const std::string& resolv_conf) {
  SearchDomains found;
  std::istringstream lines(resolv_conf);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == "search" || words[0] == "domain") found.domains.assign(words.begin() + 1, words.end());
    if (words[0] != "options") continue;
    for (const std::string& option : words) read_option(option, found.dots);
  }
  return found;
}

#ifdef HAWSER_HAS_RES_NINIT
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
#else
// musl keeps what it reads to itself.
SearchDomains SearchDomains::of_system() { return of_text(Resolver::read_system()); }
#endif

std::vector<std::string> SearchDomains::full_names_of(const std::string& host) const {
  if (host.ends_with('.')) return {host.substr(0, host.size() - 1)};
  std::vector<std::string> names;
  for (const std::string& domain : domains) names.emplace_back(host).append(".").append(domain);
  const bool is_long = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.')) >= dots;
  names.insert(is_long ? names.begin() : names.end(), host);
  return names;
}

}  // namespace hawser::event
