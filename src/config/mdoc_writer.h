// Writes mdoc, the language of manual pages (mdoc(7)), in lines that mandoc's lint is content with. Lives for one page;
// any thread.
#pragma once

#include <string>
#include <string_view>

namespace hawser::config {

class MdocWriter {
 public:
  // A line of mdoc as it is.
  void line(std::string_view text);
  // One sentence with its full stop, broken where lines get long. `Words` between backquotes are what a user types.
  void sentence(std::string_view text);
  // Lines that are shown as they are, each in a line of its own.
  void display(std::string_view text);
  [[nodiscard]] std::string take();

 private:
  void add_word(std::string_view word);
  void add_typed(std::string_view word);
  void end_line();

  std::string out_;
  std::string line_;  // of a sentence, not yet in `out_`
};

// `text` as the argument of a macro.
[[nodiscard]] std::string mdoc_argument(std::string_view text);

}  // namespace hawser::config
