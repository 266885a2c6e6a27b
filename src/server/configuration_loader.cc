#include "server/configuration_loader.h"

#include <utility>

#include "config/reader.h"

namespace hawser::server {

LoadResult load_configuration(const std::string& file, const std::vector<std::string>& overrides,
                              const proxy::Snapshot* predecessor, proxy::StateRegistry& states) {
  LoadResult result;
  config::ReadResult read = config::read_configuration({file, overrides});
  result.diagnostics = std::move(read.diagnostics);
  if (!read.configuration) return result;
  auto snapshot = proxy::compile_snapshot(*read.configuration, predecessor, states, result.diagnostics);
  if (!snapshot) return result;
  result.loaded.emplace(LoadedConfiguration{std::move(*read.configuration), std::move(snapshot)});
  return result;
}

}  // namespace hawser::server
