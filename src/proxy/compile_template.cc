#include "proxy/compile_template.h"

#include <utility>

#include "log/access_log.h"

namespace hawser::proxy {

TemplateText compile_template(std::string_view text, const config::Location& where, config::Diagnostics& diagnostics) {
  auto compiled = TemplateText::compile(text, log::is_known_variable);
  if (compiled) return std::move(*compiled);
  diagnostics.push_back({where, compiled.error().message});
  return {};
}

}  // namespace hawser::proxy
