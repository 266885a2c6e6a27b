#include "balancers/consistent_hash/hash_ring.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"

namespace hawser::upstream {

namespace {

__extension__ using Wide = unsigned __int128;

struct Point {
  std::uint64_t hash;
  ServerIndex owner;
  friend auto operator<=>(const Point&, const Point&) = default;
};

std::uint64_t weight_of_all(const ServerGroup& group) noexcept {
  std::uint64_t sum = 0;
  for (const Server& server : group.servers) sum += server.weight;
  return sum;
}

// `twin` tells servers of one name apart, which would otherwise own the same points.
void add_points(std::vector<Point>& points, const Server& server, ServerIndex owner, std::uint64_t count,
                std::uint64_t twin) {
  std::string text = server.name + '#';
  const std::size_t prefix = text.size();
  for (std::uint64_t number = 0; number < count; ++number) {
    text.resize(prefix);
    text += std::to_string(number);
    points.push_back({hash64(text, twin), owner});
  }
}

}  // namespace

HashRing::HashRing(const ServerGroup& group) {
  const std::uint64_t total_weight = weight_of_all(group);
  std::unordered_map<std::string_view, std::uint64_t> twins;
  std::vector<Point> points;
  points.reserve(std::min(total_weight, kMaxPoints / kPointsPerWeight) * kPointsPerWeight);
  for (ServerIndex index = 0; index < group.servers.size(); ++index) {
    const Server& server = group.servers[index];
    add_points(points, server, index, point_count(server.weight, total_weight), twins[server.name]++);
  }
  std::ranges::sort(points);
  hashes_.reserve(points.size());
  owners_.reserve(points.size());
  for (const Point& point : points) {
    hashes_.push_back(point.hash);
    owners_.push_back(point.owner);
  }
}

std::uint64_t HashRing::point_count(std::uint64_t weight, std::uint64_t total_weight) noexcept {
  if (total_weight <= kMaxPoints / kPointsPerWeight) return weight * kPointsPerWeight;
  const auto share = static_cast<std::uint64_t>(Wide{kMaxPoints} * weight / total_weight);
  return std::max<std::uint64_t>(share, 1);
}

std::size_t HashRing::find(std::uint64_t hash) const noexcept {
  const auto found = std::ranges::lower_bound(hashes_, hash);
  return found == hashes_.end() ? 0 : static_cast<std::size_t>(found - hashes_.begin());
}

}  // namespace hawser::upstream
