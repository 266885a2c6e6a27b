#include "http/header_edit.h"

#include <algorithm>
#include <string_view>

namespace hawser::http {

namespace {

void remove_dropped_lines(std::string& out, std::size_t first_line, const HeaderRules& rules) {
  const std::string_view text = out;
  std::size_t kept = first_line;
  for (std::size_t line = first_line; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size() - 1) + 1;
    if (!rules.drops(text.substr(line, text.find(':', line) - line))) {
      std::copy(text.begin() + static_cast<std::ptrdiff_t>(line), text.begin() + static_cast<std::ptrdiff_t>(end),
                out.begin() + static_cast<std::ptrdiff_t>(kept));
      kept += end - line;
    }
    line = end;
  }
  out.resize(kept);
}

}  // namespace

void apply_edit(std::string& out, std::size_t first_line, const HeaderEdit* edit) {
  if (edit == nullptr || edit->rules.is_empty()) return;
  remove_dropped_lines(out, first_line, edit->rules);
  edit->rules.append_fields(edit->variables, out);
}

}  // namespace hawser::http
