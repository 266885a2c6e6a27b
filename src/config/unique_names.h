// Names that must not come twice within one configuration, and hints for those that are not there. Lives for one check;
// main thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/location.h"

namespace hawser::config {

// Where each name was seen first; adds an error when it comes again. Names, places and diagnostics must outlive it.
class UniqueNames {
 public:
  // `what` the names are, for messages: "the server".
  UniqueNames(std::string_view what, Diagnostics& diagnostics) : what_(what), diagnostics_(diagnostics) {}

  // False when it was there before. Empty names count for nothing.
  bool add(std::string_view name, const Location& where);
  [[nodiscard]] bool has(std::string_view name) const { return seen_.contains(name); }
  // ", did you mean 'x'?" for the nearest name, or nothing.
  [[nodiscard]] std::string hint(std::string_view name) const;

 private:
  std::string_view what_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, const Location*> seen_;
  std::vector<std::string_view> in_order_;
};

}  // namespace hawser::config
