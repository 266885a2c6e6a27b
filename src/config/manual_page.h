// The manual page hawser.yaml(5): a frame written by hand, filled with what the schema table says and with examples.
// Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace hawser::config {

// The text of the example of that name.
using ExampleReader = std::function<std::string(const std::string& name)>;

// `frame` is mdoc in which the line "@KEYS" stands for one subsection per section of the table, and a line
// "@EXAMPLE name" for that example: the comment it begins with as text, the rest as it is.
[[nodiscard]] std::string manual_page(std::string_view frame, const ExampleReader& example);

}  // namespace hawser::config
