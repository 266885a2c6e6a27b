// Compiles the templates of a configuration. Main thread.
#pragma once

#include <string_view>

#include "base/template_text.h"
#include "config/location.h"

namespace hawser::proxy {

// With the variables of requests. What is wrong becomes a diagnostic at `where`; the result then expands to nothing.
[[nodiscard]] TemplateText compile_template(std::string_view text, const config::Location& where,
                                            config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
