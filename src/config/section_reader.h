// Reads a YAML tree into configuration values by the schema table. Lives for one reading; main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/yaml_tree.h"

namespace hawser::config {

class SectionReader {
 public:
  // Every error goes to `diagnostics`, which must outlive the reader.
  explicit SectionReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Stores the keys of `node` into `object`, which has its defaults already. `path` is empty for the root.
  void read_section(const Section& section, const YamlNode& node, void* object, const std::string& path);

 private:
  // The keys that had errors.
  [[nodiscard]] std::vector<std::string_view> read_entries(const Section& section, const YamlNode& node, void* object,
                                                           const std::string& path);
  void read_key(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_value(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_inner(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_optional(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_list(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_named_map(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_name_values(const Key& key, const YamlNode& node, void* object, const std::string& path);
  void read_element(const Key& key, const YamlNode& node, void* element, const std::string& path);
  void read_text_list(const Key& key, const YamlNode& node, void* object, const std::string& path);

  void report_unknown(const Section& section, const YamlNode& node, const YamlEntry& entry, const std::string& path);
  void report_repeated(const YamlNode& node, const std::string& path);
  [[nodiscard]] bool expect(YamlKind kind, const YamlNode& node, const std::string& path);
  void report(Location where, std::string message);

  Diagnostics& diagnostics_;
};

}  // namespace hawser::config
