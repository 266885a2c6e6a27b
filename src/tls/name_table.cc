#include "tls/name_table.h"

#include "base/ascii.h"

namespace hawser::tls {

void NameTable::add(std::string_view name, std::size_t index) { names_.try_emplace(std::string(name), index); }

std::optional<std::size_t> NameTable::find(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string name = lowercase(host);
  if (const auto exact = names_.find(name); exact != names_.end()) return exact->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  const auto wildcard = names_.find("*" + name.substr(dot));
  return wildcard != names_.end() ? std::optional(wildcard->second) : std::nullopt;
}

}  // namespace hawser::tls
