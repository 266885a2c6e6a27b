#include "base/template_text.h"

#include <optional>
#include <utility>

#include "base/ascii.h"

namespace hawser {

namespace {

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view take_name(std::string_view& rest) {
  std::size_t length = 0;
  while (length < rest.size() && is_name_character(rest[length])) ++length;
  const std::string_view name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

// Takes "name" or "{name}" off the front of `rest`; nothing when neither stands there.
std::optional<std::string> take_variable(std::string_view& rest) {
  const bool is_braced = rest.starts_with('{');
  if (is_braced) rest.remove_prefix(1);
  const std::string_view name = take_name(rest);
  if (name.empty()) return std::nullopt;
  if (!is_braced) return lowercase(name);
  if (!rest.starts_with('}')) return std::nullopt;
  rest.remove_prefix(1);
  return lowercase(name);
}

}  // namespace

void TemplateText::append_literal(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().is_variable) pieces_.push_back({});
  pieces_.back().text += text;
}

Result<TemplateText> TemplateText::compile(std::string_view text, bool (*is_known)(std::string_view name)) {
  TemplateText compiled;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t dollar = rest.find('$');
    compiled.append_literal(rest.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    rest.remove_prefix(dollar + 1);
    if (rest.starts_with('$')) {
      compiled.append_literal("$");
      rest.remove_prefix(1);
      continue;
    }
    auto name = take_variable(rest);
    if (!name) {
      return failure(ErrorCode::invalid_argument,
                     "'" + std::string(text) + "' has a '$' without a variable's name (write '$$' for a dollar sign)");
    }
    if (!is_known(*name)) return failure(ErrorCode::invalid_argument, "unknown variable '$" + *name + "'");
    compiled.pieces_.push_back(Piece{true, std::move(*name)});
  }
  return compiled;
}

void TemplateText::expand(const VariableSource& source, std::string& out) const {
  for (const Piece& piece : pieces_) {
    if (piece.is_variable) {
      source.append_variable(piece.text, out);
    } else {
      out += piece.text;
    }
  }
}

}  // namespace hawser
