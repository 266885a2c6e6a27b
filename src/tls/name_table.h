// Finds what serves a host name: exact names first, then wildcards. Built once, then read by any thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::tls {

class NameTable {
 public:
  // `name` in lower case; "*.example.com" stands for exactly one label more (RFC 6125, section 6.4.3). A name that is
  // there already keeps its index.
  void add(std::string_view name, std::size_t index);

  // `host` in any case, with or without a final dot.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view host) const;

 private:
  std::map<std::string, std::size_t, std::less<>> names_;
};

}  // namespace hawser::tls
