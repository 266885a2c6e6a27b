// A YAML file as a tree that keeps places, the order of keys and repeated keys. The only door to yaml-cpp. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/location.h"

namespace hawser::config {

inline constexpr std::size_t kLargestFile = 16 * 1024 * 1024;
inline constexpr std::size_t kDeepestNesting = 32;
inline constexpr std::uint64_t kMostValues = 1'000'000;  // with aliases expanded

struct YamlSource {
  std::string file;       // as the user named it
  std::string directory;  // absolute; relative paths in this source start there
};
using YamlSourcePointer = std::shared_ptr<const YamlSource>;

struct YamlNode;
using YamlNodePointer = std::shared_ptr<YamlNode>;

struct YamlEntry {
  std::string key;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  YamlNodePointer value;  // never null
};

enum class YamlKind : std::uint8_t { null, scalar, list, map };

// A node may be reached on several ways when the file uses aliases; it never contains itself.
struct YamlNode {
  YamlKind kind = YamlKind::null;
  std::string text;                    // of a scalar
  std::vector<YamlNodePointer> items;  // of a list; never null
  std::vector<YamlEntry> entries;      // of a map, in file order, repeated keys included
  YamlSourcePointer source;            // never null
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint64_t values = 1;  // nodes below and including this one, aliases expanded

  // The first entry with this key, or null.
  [[nodiscard]] const YamlEntry* find(std::string_view key) const noexcept;
  [[nodiscard]] Location location(std::string path) const;
  [[nodiscard]] Location location(const YamlEntry& entry, std::string path) const;
};

// "a map", "a list", "a single value", "nothing": for messages.
[[nodiscard]] std::string_view describe(YamlKind kind) noexcept;

// Reads one document. Null when the text is empty or `diagnostics` got an error that ends the reading; errors after
// which the tree is still usable are added too. Never throws.
[[nodiscard]] YamlNodePointer load_yaml(const std::string& text, const YamlSourcePointer& source,
                                        Diagnostics& diagnostics);

}  // namespace hawser::config
