#include "http/header_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "http/character_class.h"
#include "http/hop_by_hop.h"
#include "http/percent_encoding.h"

namespace hawser::http {

namespace {

constexpr std::array<std::string_view, 11> kNeverRuled = {
    "Connection",        "Upgrade",        "Keep-Alive", "Proxy-Connection", "TE",    "Trailer",
    "Transfer-Encoding", "Content-Length", "Host",       "HTTP2-Settings",   "Expect"};

bool is_control(char c) noexcept { return !is_text_char(c) || c == '\t'; }

}  // namespace

void HeaderRules::set(std::string name, TemplateText value) {
  std::erase_if(fields_, [&name](const Field& earlier) { return equals_ignoring_case(earlier.name, name); });
  remove(name);
  add(std::move(name), std::move(value));
}

void HeaderRules::add(std::string name, TemplateText value) {
  fields_.push_back(Field{std::move(name), std::move(value)});
}

void HeaderRules::remove(std::string name) { dropped_.push_back(std::move(name)); }

// A server that takes '_' for '-' must not be told by a client what a rule says in the client's place.
bool HeaderRules::drops(std::string_view name) const noexcept {
  return std::ranges::any_of(dropped_, [name](const std::string& ruled) { return is_same_field(name, ruled); });
}

void HeaderRules::append_fields(const VariableSource& variables, std::string& out) const {
  std::string value;
  for (const Field& field : fields_) {
    value.clear();
    field.value.expand(variables, value);
    if (trim(value).empty()) continue;
    out.append(field.name).append(": ");
    append_on_one_line(out, value);
    out.append("\r\n");
  }
}

bool may_be_ruled(std::string_view name) noexcept {
  constexpr std::string_view kHandshake = "Sec-WebSocket-";
  if (!is_token(name) || has_name_prefix(name, kHandshake)) return false;
  return std::ranges::none_of(kNeverRuled, [name](std::string_view known) { return is_same_field(name, known); });
}

void append_on_one_line(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const auto* const control = std::ranges::find_if(value, is_control);
    const auto plain = static_cast<std::size_t>(control - value.begin());
    out.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) return;
    append_percent_encoded(out, value.front());
    value.remove_prefix(1);
  }
}

}  // namespace hawser::http
