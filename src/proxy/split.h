// Which of its upstreams a route gives a request to. Compiled once per snapshot, then immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/template_text.h"

namespace hawser::proxy {

class Split {
 public:
  // Upstreams and weights, in file order; at least one of them weighs something. An empty `key` means by chance.
  struct Share {
    std::string upstream;
    std::uint32_t weight = 1;
  };
  Split(std::vector<Share> shares, TemplateText key);

  // Equal keys always go the same way, and when weights change only as many move as must: the key's hash is a point
  // on a line that the shares divide in their order. Where the key is empty, `random` is that point.
  [[nodiscard]] const std::string& pick(const VariableSource& variables, std::uint64_t random) const;

 private:
  std::vector<Share> shares_;
  std::uint64_t total_ = 0;
  TemplateText key_;
};

}  // namespace hawser::proxy
