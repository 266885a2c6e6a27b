#include "config/reader.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "config/checks.h"
#include "config/section_reader.h"
#include "config/value.h"
#include "config/yaml_tree.h"

namespace hawser::config {

ReadResult read_configuration_text(const std::string& text, const std::string& name,
                                   const std::vector<std::string>& /*overrides*/) {
  ReadResult result;
  Configuration configuration;
  std::error_code ignored;
  const auto path = std::filesystem::absolute(name, ignored);
  configuration.file = path.string();
  store_defaults(root_section(), &configuration);
  const auto source = std::make_shared<const YamlSource>(YamlSource{name, path.parent_path().string()});
  const YamlNodePointer tree = load_yaml(text, source, result.diagnostics);
  if (tree) SectionReader(result.diagnostics).read_section(root_section(), *tree, &configuration, "");
  fill_in_names(configuration);
  check_configuration(configuration, result.diagnostics);
  if (!has_errors(result.diagnostics)) result.configuration = std::move(configuration);
  return result;
}

}  // namespace hawser::config
