// Finds the route of a request: first match wins, in file order. Compiled once per snapshot, then immutable; any
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "http/message.h"

namespace hawser::proxy {

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // Adds the next route's conditions; a bad regular expression is invalid_config.
  [[nodiscard]] Status add(const config::RouteMatch& match);

  // The position of the first route that matches, in the order of add().
  [[nodiscard]] std::optional<std::size_t> find(const http::RequestHead& request, std::string_view listener) const;

 private:
  class Matcher;
  std::vector<Matcher> matchers_;
};

}  // namespace hawser::proxy
