#include "config/text_format.h"

#include <algorithm>
#include <filesystem>

#include "base/ascii.h"
#include "config/address_format.h"
#include "config/http_format.h"
#include "config/nearest.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_alphanumeric(char c) {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

Result<std::string> refuse(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

Result<std::string> read_target(const Key& key, std::string_view text, std::string_view directory) {
  if (std::find(key.words.begin(), key.words.end(), text) != key.words.end()) return std::string(text);
  const std::vector<std::string_view> words(key.words.begin(), key.words.end());
  // A bare word that is nearly one of ours is a slip, not a file.
  if (text.find_first_of("/.") == std::string_view::npos) {
    if (const std::string hint = did_you_mean(text, words); !hint.empty()) {
      return refuse("unknown target " + in_quotes(text) + hint + " (a file of that name is ./" + std::string(text) +
                    ")");
    }
  }
  return absolute_path(text, directory);
}

Result<std::string> check_length(const Key& key, std::string_view text) {
  if (text.size() < key.range.least) return refuse("must not be empty");
  if (text.size() > key.range.most) {
    return refuse("has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(key.range.most) +
                  " are allowed");
  }
  const auto is_forbidden = [&key](char c) {
    const bool may_be_laid_out = key.type == Type::lines && (c == '\n' || c == '\r' || c == '\t');
    return is_control(c) && !may_be_laid_out;
  };
  if (std::any_of(text.begin(), text.end(), is_forbidden)) {
    return refuse(in_quotes(text) + " holds a line break or another control character");
  }
  return std::string(text);
}

}  // namespace

Result<std::string> read_text(const Key& key, std::string_view text, std::string_view directory) {
  auto checked = check_length(key, text);
  if (!checked) return checked;
  if (is_address_type(key.type)) return read_address(key.type, text, directory);
  if (is_http_type(key.type)) return read_http_text(key.type, text);
  switch (key.type) {
    case Type::path:
      return absolute_path(text, directory);
    case Type::target:
      return read_target(key, text, directory);
    default:
      return checked;
  }
}

bool is_token(std::string_view text) noexcept {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || kMarks.find(c) != std::string_view::npos;
  });
}

std::string absolute_path(std::string_view path, std::string_view directory) {
  return (std::filesystem::path(directory) / std::filesystem::path(path)).lexically_normal().string();
}

}  // namespace hawser::config
