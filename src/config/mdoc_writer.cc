#include "config/mdoc_writer.h"

#include <algorithm>
#include <utility>

namespace hawser::config {

namespace {

constexpr std::size_t kWidest = 80;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\\') out += 'e';
  }
  return out;
}

// What roff would take for a request.
bool is_like_request(std::string_view text) { return text.starts_with('.') || text.starts_with('\''); }

// "Li" and the like, of two or three letters.
bool is_like_macro(std::string_view text) {
  const auto is_between = [](char c, char first, char last) { return c >= first && c <= last; };
  return (text.size() == 2 || text.size() == 3) && is_between(text[0], 'A', 'Z') && is_between(text[1], 'a', 'z');
}

}  // namespace

std::string mdoc_argument(std::string_view text) {
  std::string out = escaped(text);
  for (std::size_t at = out.find('"'); at != std::string::npos; at = out.find('"', at + 4)) out.replace(at, 1, "\\(dq");
  if (is_like_macro(text)) out.insert(0, "\\&");
  return out.find(' ') == std::string::npos ? out : '"' + out + '"';
}

void MdocWriter::line(std::string_view text) { out_.append(text).append("\n"); }

void MdocWriter::sentence(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.find('`') == std::string_view::npos) {
      add_word(word);
    } else {
      add_typed(word);
    }
  }
  end_line();
}

void MdocWriter::add_word(std::string_view word) {
  const std::string shown = escaped(word);
  if (!line_.empty() && line_.size() + 1 + shown.size() > kWidest) end_line();
  if (!line_.empty()) line_ += ' ';
  if (line_.empty() && is_like_request(shown)) line_ += "\\&";
  line_ += shown;
}

// Punctuation around the word stands apart, so that it is not set like it.
void MdocWriter::add_typed(std::string_view word) {
  end_line();
  const std::size_t begin = word.find('`');
  const std::size_t end = word.find('`', begin + 1);
  line_ = ".Cm ";
  for (const char c : word.substr(0, begin)) line_.append(1, c).append(" ");
  line_ += mdoc_argument(word.substr(begin + 1, end - begin - 1));
  for (const char c : word.substr(end + 1)) line_.append(" ").append(1, c);
  end_line();
}

void MdocWriter::end_line() {
  if (!line_.empty()) line(std::exchange(line_, {}));
}

void MdocWriter::display(std::string_view text) {
  line(".Bd -literal -offset 4n");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string shown = escaped(text.substr(0, end));
    line(is_like_request(shown) ? "\\&" + shown : shown);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  line(".Ed");
}

std::string MdocWriter::take() { return std::move(out_); }

}  // namespace hawser::config
