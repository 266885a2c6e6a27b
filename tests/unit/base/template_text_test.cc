#include "base/template_text.h"

#include <map>

#include "support/catch.h"

using namespace hawser;

namespace {

class Values final : public VariableSource {
 public:
  void append_variable(std::string_view name, std::string& out) const override {
    if (const auto value = values.find(std::string(name)); value != values.end()) out += value->second;
  }
  std::map<std::string, std::string> values{{"host", "example.com"}, {"uri", "/chat"}, {"arg_id", "7"}};
};

bool is_known(std::string_view name) { return name == "host" || name == "uri" || name == "arg_id" || name == "empty"; }

std::string expanded(std::string_view text) {
  const auto compiled = TemplateText::compile(text, is_known);
  if (!compiled) return "refused: " + compiled.error().message;
  std::string out = "<";
  compiled->expand(Values(), out);
  return out + ">";
}

}  // namespace

TEST_CASE("Variables stand alone, among text and side by side") {
  CHECK(expanded("$host") == "<example.com>");
  CHECK(expanded("http://$host$uri?id=${arg_id}x") == "<http://example.com/chat?id=7x>");
  CHECK(expanded("$host.suffix") == "<example.com.suffix>");
  CHECK(expanded("a{b}c") == "<a{b}c>");
}

TEST_CASE("Names are known in lower case whatever the text says") {
  CHECK(expanded("$Host ${ARG_Id}") == "<example.com 7>");
}

TEST_CASE("A variable without a value appends nothing") { CHECK(expanded("a${empty}b") == "<ab>"); }

TEST_CASE("Two dollar signs are one") {
  CHECK(expanded("$$") == "<$>");
  CHECK(expanded("$$host") == "<$host>");
  CHECK(expanded("$$$host$$") == "<$example.com$>");
}

TEST_CASE("An unknown name is refused with the name") {
  const auto compiled = TemplateText::compile("x $hots", is_known);
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().code == ErrorCode::invalid_argument);
  CHECK(compiled.error().message == "unknown variable '$hots'");
  CHECK(expanded("$hostname") == "refused: unknown variable '$hostname'");
}

TEST_CASE("A lone dollar sign is refused, not guessed at") {
  for (const char* text : {"$", "a$", "$ host", "${}", "${host", "${ho st}", "$-", "${", "$$$"}) {
    INFO(text);
    const auto compiled = TemplateText::compile(text, is_known);
    REQUIRE_FALSE(compiled);
    CHECK(compiled.error().code == ErrorCode::invalid_argument);
    CHECK(compiled.error().message.find("'$'") != std::string::npos);
  }
}

TEST_CASE("Only an empty text is empty") {
  CHECK(TemplateText().is_empty());
  CHECK(TemplateText::compile("", is_known)->is_empty());
  CHECK_FALSE(TemplateText::compile("$empty", is_known)->is_empty());
  CHECK_FALSE(TemplateText::compile("x", is_known)->is_empty());
}
