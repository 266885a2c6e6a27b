#include "latency.h"

#include <algorithm>
#include <cmath>

namespace hawser::bench {

double Latencies::percentile(double share) {
  if (nanoseconds_.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(nanoseconds_.size()));
  const auto index = static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(nanoseconds_.begin(), nanoseconds_.begin() + index, nanoseconds_.end());
  return static_cast<double>(nanoseconds_[static_cast<std::size_t>(index)]) / 1000.0;
}

}  // namespace hawser::bench
