#include "config/http_format.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/address_format.h"
#include "config/source_text.h"
#include "config/text_format.h"
#include "http/header_rules.h"

namespace hawser::config {

namespace {

Result<std::string> refuse(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

bool is_visible(char c) { return c > ' ' && c < 0x7F; }

Result<std::string> read_url_path(std::string_view text) {
  if (text.starts_with('/')) return std::string(text);
  return refuse(in_quotes(text) + " does not begin with '/'");
}

// What follows a # never leaves the client.
Result<std::string> read_request_target(std::string_view text) {
  if (!text.starts_with('/')) return read_url_path(text);
  const auto is_allowed = [](char c) { return is_visible(c) && c != '#'; };
  if (std::all_of(text.begin(), text.end(), is_allowed)) return std::string(text);
  return refuse(in_quotes(text) + " holds what no request line may; write spaces, # and letters beyond ASCII as %XX");
}

// Hawser encodes it when it sends it.
Result<std::string> read_plain_path(std::string_view text) {
  if (text.find('?') != std::string_view::npos) return refuse(in_quotes(text) + " holds a query; a path ends before ?");
  if (text.find('%') == std::string_view::npos) return read_url_path(text);
  return refuse(in_quotes(text) + " holds %; write the characters themselves, Hawser encodes them");
}

bool has_scheme(std::string_view text) {
  const std::size_t end = text.find("://");
  return end != std::string_view::npos && is_token(text.substr(0, end));
}

Result<std::string> read_redirect_target(std::string_view text) {
  if (!text.starts_with('/') && !text.starts_with('$') && !has_scheme(text)) {
    return refuse(in_quotes(text) + " is neither a path nor a URL; examples: /login, https://$host$request_uri");
  }
  if (std::all_of(text.begin(), text.end(), is_visible)) return std::string(text);
  return refuse(in_quotes(text) + " holds what no URL may; write spaces and letters beyond ASCII as %XX");
}

// What variables hold is known only when a request comes.
Result<std::string> read_host_template(std::string_view text) {
  if (text.find('$') == std::string_view::npos) return read_address(Type::host_field, text, {});
  const auto is_allowed = [](char c) { return is_visible(c) && c != '/' && c != '?' && c != '#' && c != '@'; };
  if (std::all_of(text.begin(), text.end(), is_allowed)) return std::string(text);
  return refuse(in_quotes(text) + " is not a host; write it without scheme and path");
}

// RFC 9110, section 8.3.1; parameters are not looked into.
Result<std::string> read_media_type(std::string_view text) {
  const std::string_view essence = text.substr(0, text.find_first_of("; "));
  const std::size_t slash = std::min(essence.find('/'), essence.size() - 1);
  const bool is_valid = is_token(essence.substr(0, slash)) && is_token(essence.substr(slash + 1)) &&
                        std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c) || c == ' '; });
  if (is_valid) return std::string(text);
  return refuse(in_quotes(text) + " is not a media type; examples: application/json, text/html; charset=utf-8");
}

Result<std::string> read_token(std::string_view text) {
  if (is_token(text)) return std::string(text);
  return refuse(in_quotes(text) + " is not a single word of letters, digits and -");
}

Result<std::string> read_ruled_field(std::string_view text) {
  if (!is_token(text)) return read_token(text);
  if (http::may_be_ruled(text)) return std::string(text);
  const bool is_host = equals_ignoring_case(text, "host");
  return refuse(in_quotes(text) + " is not a header that rules may change" +
                (is_host ? "; use the key 'rewrite.host'" : ""));
}

}  // namespace

bool is_http_type(Type type) noexcept { return type >= Type::url_path && type <= Type::token; }

Result<std::string> read_http_text(Type type, std::string_view text) {
  switch (type) {
    case Type::url_path:
      return read_url_path(text);
    case Type::request_target:
      return read_request_target(text);
    case Type::plain_path:
      return read_plain_path(text);
    case Type::redirect_target:
      return read_redirect_target(text);
    case Type::host_template:
      return read_host_template(text);
    case Type::media_type:
      return read_media_type(text);
    case Type::ruled_field:
      return read_ruled_field(text);
    case Type::token:
      return read_token(text);
    default:
      return refuse("is no part of HTTP messages");
  }
}

}  // namespace hawser::config
