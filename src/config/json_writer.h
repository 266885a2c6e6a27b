// Writes indented JSON, member by member. Lives for one document; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::config {

[[nodiscard]] std::string json_string(std::string_view text);

// Of strings.
[[nodiscard]] std::string json_list(std::span<const std::string_view> words);

class JsonWriter {
 public:
  void begin_object();  // an element of a list, or the whole document
  void begin_object(std::string_view name);
  void begin_list(std::string_view name);
  void end();                                                 // of the innermost object or list
  void member(std::string_view name, std::string_view json);  // `json` is written as it is
  void element(std::string_view json);                        // of a list
  [[nodiscard]] std::string take();

 private:
  void next_line();
  void open(std::string_view bracket, char closing);

  std::string out_;
  std::vector<char> closing_;  // brackets still to come
  bool is_first_ = true;       // nothing stands in the innermost object or list yet
};

}  // namespace hawser::config
