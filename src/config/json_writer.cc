#include "config/json_writer.h"

#include <utility>

namespace hawser::config {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_list(std::span<const std::string_view> words) {
  std::string out = "[";
  for (const std::string_view word : words) out += (out.size() > 1 ? ", " : "") + json_string(word);
  return out + "]";
}

void JsonWriter::begin_object() {
  if (!closing_.empty()) next_line();
  open("{", '}');
}

void JsonWriter::begin_object(std::string_view name) {
  next_line();
  open(json_string(name) + ": {", '}');
}

void JsonWriter::begin_list(std::string_view name) {
  next_line();
  open(json_string(name) + ": [", ']');
}

void JsonWriter::end() {
  const char closing = closing_.back();
  closing_.pop_back();
  if (!is_first_) out_ += '\n' + std::string(closing_.size() * 2, ' ');
  out_ += closing;
  is_first_ = false;
}

void JsonWriter::member(std::string_view name, std::string_view json) {
  next_line();
  out_ += json_string(name) + ": " + std::string(json);
}

void JsonWriter::element(std::string_view json) {
  next_line();
  out_ += json;
}

std::string JsonWriter::take() { return std::move(out_) + '\n'; }

void JsonWriter::next_line() {
  if (!is_first_) out_ += ',';
  is_first_ = false;
  out_ += '\n' + std::string(closing_.size() * 2, ' ');
}

void JsonWriter::open(std::string_view bracket, char closing) {
  out_ += bracket;
  closing_.push_back(closing);
  is_first_ = true;
}

}  // namespace hawser::config
