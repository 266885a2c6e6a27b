// One single value between the text of a file and its place in the configuration. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema.h"

namespace hawser::config {

// Checks `text` by the key's type, range and words and stores it in `object`; relative paths start at `directory`.
// invalid_argument with a message for the user otherwise.
[[nodiscard]] Status store_value(const Key& key, std::string_view text, std::string_view directory, void* object);

// What store_value reads back to the same value. Empty for an empty text and for a number that was not given.
[[nodiscard]] std::string value_text(const Key& key, const void* object);

// Whether there is a text, an entry or an optional section; always for keys of other kinds.
[[nodiscard]] bool holds_value(const Key& key, const void* object);

// Stores the default of every key in the section that has one, sections inside included. Lists stay as they are.
void store_defaults(const Section& section, void* object);

[[nodiscard]] Result<bool> parse_boolean(std::string_view text);

// "a, b or c" with "or" as the last joint.
[[nodiscard]] std::string enumerated(std::span<const std::string_view> words, std::string_view last_joint);

}  // namespace hawser::config
