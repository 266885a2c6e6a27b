#include "config/unique_names.h"

#include "config/nearest.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

// A file with more names or errors than these gets no hints, which would take a time that nobody waits for.
constexpr std::size_t kMostCandidates = 10'000;
constexpr std::size_t kMostHints = 100;

std::string place(const Location& where) {
  std::string text = to_string(Diagnostic{{where.file, where.line, where.column, ""}, ""});
  if (text.ends_with(": ")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

bool UniqueNames::add(std::string_view name, const Location& where) {
  if (name.empty()) return true;
  const auto [first, is_new] = seen_.emplace(name, &where);
  if (is_new) {
    in_order_.push_back(name);
    return true;
  }
  diagnostics_.push_back(
      {where, std::string(what_) + " " + in_quotes(name) + " is there twice, first at " + place(*first->second)});
  return false;
}

std::string UniqueNames::hint(std::string_view name) const {
  const bool is_worth_it = in_order_.size() <= kMostCandidates && diagnostics_.size() <= kMostHints;
  return is_worth_it ? did_you_mean(name, in_order_) : std::string();
}

}  // namespace hawser::config
