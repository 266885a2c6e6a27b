// The operator's own pages for Hawser's error answers. Compiled once per snapshot, then immutable; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/location.h"

namespace hawser::proxy {

struct ErrorPageContent {
  std::string type;  // by the file's suffix: html, json, txt, xml; else text/html
  std::string body;
};

class ErrorPages {
 public:
  static constexpr std::size_t kMaxFileSize = 1024 * 1024;  // bytes

  // Reads the files; one that cannot be read is a diagnostic. Of several pages for a status the first counts. What
  // `fallback` has stands behind them; may be null.
  [[nodiscard]] static std::shared_ptr<const ErrorPages> load(const std::vector<config::ErrorPage>& pages,
                                                              const ErrorPages* fallback,
                                                              config::Diagnostics& diagnostics);
  // Null when there is none.
  [[nodiscard]] const ErrorPageContent* find(int status) const noexcept;

 private:
  std::map<int, std::shared_ptr<const ErrorPageContent>> pages_;
};

}  // namespace hawser::proxy
