// Appends the pieces of a message head to a string. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hawser::http {

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view kColon = ": ";
  constexpr std::string_view kLineEnd = "\r\n";
  const std::size_t start = out.size();
  const std::size_t end = start + name.size() + kColon.size() + value.size() + kLineEnd.size();
  // Heads are long: growing once a field is a third of the work of four appends.
  out.resize_and_overwrite(end, [&](char* text, std::size_t /*g++ 12 passes the capacity*/) {
    char* position = text + start;
    position += name.copy(position, name.size());
    position += kColon.copy(position, kColon.size());
    position += value.copy(position, value.size());
    kLineEnd.copy(position, kLineEnd.size());
    return end;
  });
}

// `status` has three digits.
inline void append_status_line(std::string& out, int status, std::string_view reason) {
  char begin[] = "HTTP/1.1 000 ";
  begin[9] = static_cast<char>('0' + status / 100);
  begin[10] = static_cast<char>('0' + status / 10 % 10);
  begin[11] = static_cast<char>('0' + status % 10);
  out.append(begin, sizeof begin - 1).append(reason).append("\r\n");
}

}  // namespace hawser::http
