#include "proxy/split.h"

#include <utility>

#include "base/hash.h"

namespace hawser::proxy {

namespace {

// Another hash than that of balancers: they would else see of a share's keys only those of a part of their ring.
constexpr std::uint64_t kSeed = 0x5b1e'77a1'0d2c'9f43;

}  // namespace

Split::Split(std::vector<Share> shares, TemplateText key) : shares_(std::move(shares)), key_(std::move(key)) {
  for (const Share& share : shares_) total_ += share.weight;
}

const std::string& Split::pick(const VariableSource& variables, std::uint64_t random) const {
  if (shares_.size() == 1) return shares_.front().upstream;
  std::string key;
  key_.expand(variables, key);
  const std::uint64_t point = key.empty() ? random : hash64(key, kSeed);
  // The point's place among as many places as the weights make; their sum is below 2^32.
  const std::uint64_t scaled = ((point >> 32U) * total_) >> 32U;
  std::uint64_t end = 0;
  for (const Share& share : shares_) {
    end += share.weight;
    if (scaled < end) return share.upstream;
  }
  return shares_.back().upstream;
}

}  // namespace hawser::proxy
