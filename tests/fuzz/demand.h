// What must hold whatever a fuzzer thinks of: says which rule broke, then aborts. Test code.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace hawser {

inline void demand(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

}  // namespace hawser
