// What the manual says of one key, in the words of people who write configurations. Any thread.
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"

namespace hawser::config {

// What may stand behind the key, as arguments of mdoc macros: "Cm stop | drain", "Ar number | Cm off".
[[nodiscard]] std::string mdoc_values(const Key& key);

// What else is to be known, each a sentence: whether it is needed, its range, its default, which keys it goes with.
// Words that a user types stand between backquotes.
[[nodiscard]] std::vector<std::string> facts(const Key& key);

// A default that is too long for a line, broken at its colons; empty for all others, which are among the facts.
[[nodiscard]] std::string default_lines(const Key& key);

// How a single value may stand for the section of the key, and what must hold among the keys of it.
[[nodiscard]] std::vector<std::string> section_facts(const Key& key);

}  // namespace hawser::config
