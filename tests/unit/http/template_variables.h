// Variables for tests of what is written with them. Test code; one thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/template_text.h"
#include "support/catch.h"

namespace hawser::http {

class TestVariables final : public VariableSource {
 public:
  TestVariables() = default;
  TestVariables(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}

  void append_variable(std::string_view name, std::string& out) const override {
    if (const auto found = values_.find(name); found != values_.end()) out += found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

inline TemplateText compiled(std::string_view text) {
  auto made = TemplateText::compile(text, [](std::string_view) { return true; });
  REQUIRE(made);
  return *std::move(made);
}

}  // namespace hawser::http
