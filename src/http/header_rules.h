// What an operator changes in the fields of a message: some removed, some set, some added. Built while a configuration
// is compiled, then immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/template_text.h"

namespace hawser::http {

class HeaderRules {
 public:
  // Of names that may_be_ruled() accepts. A name that is set takes the place of every field that came with it.
  void set(std::string name, TemplateText value);
  void add(std::string name, TemplateText value);
  void remove(std::string name);

  [[nodiscard]] bool is_empty() const noexcept { return dropped_.empty() && fields_.empty(); }
  // Whether fields of this name that a message came with, or that Hawser would write, are left out.
  [[nodiscard]] bool drops(std::string_view name) const noexcept;
  // The fields set and added, as lines, in the order given. One whose value is empty is left out; control bytes that a
  // variable may hold are percent-encoded.
  void append_fields(const VariableSource& variables, std::string& out) const;

 private:
  struct Field {
    std::string name;
    TemplateText value;
  };
  std::vector<std::string> dropped_;
  std::vector<Field> fields_;
};

// Whether rules may speak of this field: a token, and none that frames the message, concerns the connection, makes the
// WebSocket handshake, or names the host (which rewrite.host does).
[[nodiscard]] bool may_be_ruled(std::string_view name) noexcept;

// Appends `value` with its control bytes percent-encoded, so that it stays on its line.
void append_on_one_line(std::string& out, std::string_view value);

}  // namespace hawser::http
