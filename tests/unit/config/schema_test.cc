#include "config/schema.h"

#include <set>

#include "config/compare.h"
#include "config/value.h"
#include "support/catch.h"

namespace hawser::config {

namespace {

// Some object of the type that a key is stored in is needed; the keys at the top know theirs.
void check_defaults(const Section& section, void* object) {
  for (const Key& key : section.keys) {
    INFO(key.name);
    if (const auto* inner = std::get_if<ObjectField>(&key.slot)) {
      check_defaults(*key.section, inner->get(object));
    } else if (const auto* optional = std::get_if<OptionalField>(&key.slot)) {
      check_defaults(*key.section, optional->create(object));
    } else if (const auto* list = std::get_if<ListField>(&key.slot)) {
      check_defaults(*key.section, list->append(object));
    } else if (!key.default_text.empty()) {
      CHECK(store_value(key, key.default_text, "/", object).has_value());
      // The manual says 60s where the shortest text is 1m.
      if (key.type != Type::duration) CHECK(value_text(key, object) == key.default_text);
    }
  }
}

}  // namespace

TEST_CASE("Every default of the table is accepted by its own key and printed as it is written") {
  Configuration configuration;
  check_defaults(root_section(), &configuration);
}

TEST_CASE("The defaults of the table are those of the plain values") {
  Configuration from_table;
  store_defaults(root_section(), &from_table);
  CHECK(has_same_values(from_table, Configuration{}));
  Configuration plain;
  plain.listeners.emplace_back();
  plain.routes.emplace_back();
  plain.upstreams.emplace_back().servers.emplace_back();
  Configuration filled = plain;
  for (const char* name : {"listeners", "routes", "upstreams"}) {
    const Key& key = *root_section().find(name);
    store_defaults(*key.section, std::get<ListField>(key.slot).at(&filled, 0));
  }
  CHECK(has_same_values(filled, plain));
}

TEST_CASE("Every key has a description and a path of its own") {
  std::set<std::string> paths;
  for (const ManualKey& entry : manual_keys()) {
    INFO(entry.path);
    CHECK(paths.insert(entry.path).second);
    CHECK_FALSE(entry.key->description.empty());
    CHECK_FALSE(entry.key->description.ends_with("."));
  }
  CHECK(paths.contains("listeners[].tls.certificates[].key_file"));
  CHECK(paths.contains("upstreams.NAME.balance.key"));
}

}  // namespace hawser::config
