// Appends the pieces of a message head to a string. Pure.
#pragma once

#include <string>
#include <string_view>

namespace hawser::http {

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace hawser::http
