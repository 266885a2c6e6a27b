// Latencies of one run, every one kept, so that percentiles are exact. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace hawser::bench {

using Instant = std::chrono::steady_clock::time_point;

class Latencies {
 public:
  explicit Latencies(std::size_t expected) { nanoseconds_.reserve(expected); }
  void add(std::chrono::nanoseconds latency) { nanoseconds_.push_back(static_cast<std::uint64_t>(latency.count())); }

  // In microseconds, by nearest rank; 0 when nothing was recorded. `share` is in 0..1. Reorders what was recorded.
  [[nodiscard]] double percentile(double share);

 private:
  std::vector<std::uint64_t> nanoseconds_;
};

}  // namespace hawser::bench
