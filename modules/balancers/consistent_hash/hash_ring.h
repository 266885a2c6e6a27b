// The ring of consistent_hash: each server owns points on a circle of 64-bit hashes. Built once for a snapshot, then
// immutable and shared by all workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "upstream/balancer.h"

namespace hawser::upstream {

// Point n of a server is the hash of "NAME#n", so a server keeps its points whoever else joins.
class HashRing {
 public:
  static constexpr std::uint64_t kPointsPerWeight = 160;
  static constexpr std::uint64_t kMaxPoints = 4'000'000;

  explicit HashRing(const ServerGroup& group);

  // 160 points for each unit of weight; when all together would be more than kMaxPoints, servers share those by weight,
  // at least one each.
  [[nodiscard]] static std::uint64_t point_count(std::uint64_t weight, std::uint64_t total_weight) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return hashes_.size(); }
  // The position of the first point at `hash` or after it, around the end; the ring is not empty.
  [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept;
  [[nodiscard]] ServerIndex owner(std::size_t position) const noexcept { return owners_[position]; }

 private:
  std::vector<std::uint64_t> hashes_;  // ascending; apart from the owners so that a search touches little memory
  std::vector<ServerIndex> owners_;
};

}  // namespace hawser::upstream
