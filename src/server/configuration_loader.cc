#include "server/configuration_loader.h"

#include <utility>

#include "config/reader.h"
#include "upstream/member_list.h"

namespace hawser::server {

LoadResult compile_configuration(config::Configuration configuration, const proxy::Snapshot* predecessor,
                                 const proxy::MemberSource& members, proxy::StateRegistry& states) {
  LoadResult result;
  auto snapshot = proxy::compile_snapshot(configuration, predecessor, members, states, result.diagnostics);
  if (!snapshot) return result;
  result.loaded.emplace(LoadedConfiguration{std::move(configuration), std::move(snapshot), nullptr});
  return result;
}

LoadResult load_configuration(const std::string& file, const std::vector<std::string>& overrides,
                              proxy::StateRegistry& states) {
  LoadResult result;
  config::ReadResult read = config::read_configuration({file, overrides});
  result.diagnostics = std::move(read.diagnostics);
  if (!read.configuration) return result;
  auto known = upstream::discover_now(*read.configuration, kDiscoveryTimeout);
  if (!known) {
    result.diagnostics.push_back({{}, known.error().message});
    return result;
  }
  const auto members = [&known](const config::Upstream& upstream, config::Diagnostics& diagnostics) {
    return upstream::list_members(upstream, **known, diagnostics);
  };
  LoadResult compiled = compile_configuration(std::move(*read.configuration), nullptr, members, states);
  result.loaded = std::move(compiled.loaded);
  if (result.loaded) result.loaded->known = std::move(*known);
  result.diagnostics.insert(result.diagnostics.end(), compiled.diagnostics.begin(), compiled.diagnostics.end());
  return result;
}

}  // namespace hawser::server
