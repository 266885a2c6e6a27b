// Finds the word somebody probably meant, for hints in diagnostics. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::config {

// The number of single-byte insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`
// (optimal string alignment distance).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that is nearest to `word`, when it is near enough to be a slip of the fingers; empty otherwise. The
// first of equally near ones wins.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// ", did you mean 'x'?" for the nearest candidate, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace hawser::config
