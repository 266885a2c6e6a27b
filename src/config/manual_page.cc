#include "config/manual_page.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "config/manual_words.h"
#include "config/mdoc_writer.h"
#include "config/schema.h"

namespace hawser::config {

namespace {

constexpr std::string_view kKeysLine = "@KEYS";
constexpr std::string_view kExampleLine = "@EXAMPLE ";
constexpr std::string_view kTopLevel = "Top level";

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Where the keys of a section stand, as it is written before them.
std::string path_of_section(const Key& key, const std::string& prefix) {
  const std::string path = prefix + std::string(key.name);
  if (key.type == Type::list) return path + "[]";
  return key.type == Type::named_map ? path + ".NAME" : path;
}

// A bracket at its end is no punctuation.
std::string title(const std::string& path) { return path.ends_with(']') ? path + "\\&" : path; }

bool is_of_a_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$' || c == '*';
}

// Puts names of keys and of variables between backquotes.
class Marker {
 public:
  Marker() : keys_(manual_keys()) {}

  [[nodiscard]] std::string marked(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const auto end = std::ranges::find_if_not(text, is_of_a_word);
      std::string_view word(text.begin(), end);
      text.remove_prefix(word.size());
      const std::string_view stop = word.ends_with('.') ? "." : "";
      word.remove_suffix(stop.size());
      const std::string_view mark = is_typed(word) ? "`" : "";
      out.append(mark).append(word).append(mark).append(stop);
      if (text.empty()) break;
      out += text.front();
      text.remove_prefix(1);
    }
    return out;
  }

 private:
  [[nodiscard]] bool is_typed(std::string_view word) const {
    if (word.find_first_of("_$*") != std::string_view::npos) return true;
    if (word == "true" || word == "false" || word == "off") return true;
    const bool has_parts = word.find('.') != std::string_view::npos;
    return has_parts && std::ranges::any_of(keys_, [word](const ManualKey& key) { return key.path.ends_with(word); });
  }

  std::vector<ManualKey> keys_;
};

class PageWriter {
 public:
  explicit PageWriter(const ExampleReader& example) : example_(example) {}

  void write(std::string_view frame);
  [[nodiscard]] std::string take() { return mdoc_.take(); }

 private:
  void write_keys(const Section& section, const std::string& prefix);
  void write_key(const Key& key, const std::string& prefix);
  void write_sections_below(const Section& section, const std::string& prefix);
  void write_example(std::string_view text);

  const ExampleReader& example_;
  Marker marker_;
  MdocWriter mdoc_;
};

void PageWriter::write(std::string_view frame) {
  while (!frame.empty()) {
    const std::string_view line = take_line(frame);
    if (line == kKeysLine) {
      mdoc_.line(".Ss " + std::string(kTopLevel));
      write_keys(root_section(), "");
      write_sections_below(root_section(), "");
    } else if (line.starts_with(kExampleLine)) {
      write_example(example_(std::string(line.substr(kExampleLine.size()))));
    } else {
      mdoc_.line(line);
    }
  }
}

void PageWriter::write_keys(const Section& section, const std::string& prefix) {
  mdoc_.line(".Bl -tag -width Ds");
  for (const Key& key : section.keys) write_key(key, prefix);
  mdoc_.line(".El");
}

void PageWriter::write_key(const Key& key, const std::string& prefix) {
  mdoc_.line(".It Cm " + mdoc_argument(key.name) + " : " + mdoc_values(key));
  mdoc_.sentence(marker_.marked(key.description) + ".");
  for (const std::string& fact : facts(key)) mdoc_.sentence(fact + ".");
  if (const std::string lines = default_lines(key); !lines.empty()) {
    mdoc_.sentence("Default, in one line:");
    mdoc_.display(lines);
  }
  if (key.section == nullptr) return;
  mdoc_.sentence("See");
  mdoc_.line(".Sx " + title(path_of_section(key, prefix)) + " .");
}

void PageWriter::write_sections_below(const Section& section, const std::string& prefix) {
  for (const Key& key : section.keys) {
    if (key.section == nullptr) continue;
    const std::string path = path_of_section(key, prefix);
    mdoc_.line(".Ss " + title(path));
    for (const std::string& fact : section_facts(key)) mdoc_.sentence(fact + ".");
    write_keys(*key.section, path + ".");
    write_sections_below(*key.section, path + ".");
  }
}

// Lines for editors are no part of what the example says.
void PageWriter::write_example(std::string_view text) {
  std::string said;
  while (text.starts_with('#')) {
    const std::string_view line = take_line(text).substr(1);
    if (line.find("yaml-language-server:") != std::string_view::npos) continue;
    said.append(line);
  }
  for (std::string_view rest = said; !rest.empty();) {
    const std::size_t end = std::min(rest.find(". "), rest.size() - 1);
    mdoc_.sentence(rest.substr(1, end));
    rest.remove_prefix(end + 1);
  }
  mdoc_.display(text);
}

}  // namespace

std::string manual_page(std::string_view frame, const ExampleReader& example) {
  PageWriter writer(example);
  writer.write(frame);
  return writer.take();
}

}  // namespace hawser::config
