#include "upstream/service_targets.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <tuple>

namespace hawser::upstream {

namespace {

using event::ServiceRecord;

constexpr std::uint32_t kMostWeight = 1000;

std::uint16_t scaled(std::uint32_t weight, std::uint32_t greatest) noexcept {
  const std::uint32_t rounded = (weight * kMostWeight + greatest / 2) / greatest;
  return static_cast<std::uint16_t>(std::max<std::uint32_t>(1, rounded));
}

void reduce_weights(std::span<ServiceRecord> records) noexcept {
  std::uint16_t divisor = 0;
  std::uint16_t greatest = 0;
  for (ServiceRecord& record : records) {
    record.weight = std::max<std::uint16_t>(1, record.weight);
    divisor = std::gcd(divisor, record.weight);
    greatest = std::max(greatest, record.weight);
  }
  const bool is_great = greatest / divisor > static_cast<int>(kMostWeight);
  for (ServiceRecord& record : records) {
    record.weight = is_great ? scaled(record.weight, greatest) : static_cast<std::uint16_t>(record.weight / divisor);
  }
}

}  // namespace

std::vector<ServiceRecord> service_targets(std::vector<ServiceRecord> records) {
  std::erase_if(records, [](const ServiceRecord& record) { return record.target.empty(); });  // "." is no server
  std::sort(records.begin(), records.end(), [](const ServiceRecord& one, const ServiceRecord& other) {
    return std::tie(one.priority, one) < std::tie(other.priority, other);
  });
  if (records.size() > kMostMembersOfName) records.resize(kMostMembersOfName);
  for (auto first = records.begin(); first != records.end();) {
    const auto last =
        std::find_if(first, records.end(), [&](const auto& record) { return record.priority != first->priority; });
    reduce_weights({first, last});
    first = last;
  }
  return records;
}

}  // namespace hawser::upstream
