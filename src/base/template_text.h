// Text with variables in nginx's notation: "$remote_addr", "${host}:x", "$http_user_agent". Compiled once, expanded
// many times. Immutable after compile; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hawser {

// Gives values for names. An unknown or absent value appends nothing.
class VariableSource {
 public:
  // `name` as written, without the dollar sign, in lower case: "remote_addr", "http_user_agent", "arg_id".
  virtual void append_variable(std::string_view name, std::string& out) const = 0;

 protected:
  ~VariableSource() = default;
};

class TemplateText {
 public:
  TemplateText() = default;  // expands to nothing

  // `is_known` says whether a name (as above) exists; one that does not, or a lone dollar sign, is invalid_argument
  // with the name in the message. "$$" is a dollar sign.
  [[nodiscard]] static Result<TemplateText> compile(std::string_view text, bool (*is_known)(std::string_view name));

  void expand(const VariableSource& source, std::string& out) const;
  [[nodiscard]] bool is_empty() const noexcept { return pieces_.empty(); }

 private:
  struct Piece {
    bool is_variable = false;
    std::string text;
  };
  void append_literal(std::string_view text);

  std::vector<Piece> pieces_;
};

}  // namespace hawser
