#include "config/text_format.h"

#include <algorithm>
#include <filesystem>

#include "base/ascii.h"
#include "base/socket_address.h"
#include "config/nearest.h"
#include "config/source_text.h"

namespace hawser::config {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_alphanumeric(char c) {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_host_name(std::string_view text) {
  const auto is_allowed = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; };
  return !text.empty() && text.front() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

Result<std::string> refuse(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

// A unix socket's address with its path made absolute.
Result<std::string> read_unix_address(std::string_view text, std::string_view directory) {
  if (text.size() == 5) return refuse("'unix:' needs a path");
  std::string address = "unix:" + absolute_path(text.substr(5), directory);
  if (const auto parsed = SocketAddress::parse(address); !parsed) return refuse(parsed.error().message);
  return address;
}

Result<std::string> read_listener_address(std::string_view text, std::string_view directory) {
  if (text.starts_with("unix:")) return read_unix_address(text, directory);
  if (text.starts_with("*:")) {
    const std::string port(text.substr(2));
    return refuse(in_quotes(text) + " is not an address; for all addresses write 0.0.0.0:" + port + " or [::]:" + port);
  }
  const auto parsed = SocketAddress::parse(text);
  if (parsed) return parsed->to_string();
  if (parsed.error().code != ErrorCode::not_found)
    return refuse(in_quotes(text) + " is not an address; examples: 0.0.0.0:8080, [::]:8080, unix:/run/hawser.sock");
  return refuse(in_quotes(text) + " is not an IP address with a port; a listener takes no host names");
}

Result<std::string> read_server_address(std::string_view text, std::string_view directory) {
  if (text.starts_with("unix:")) return read_unix_address(text, directory);
  if (text.find("://") != std::string_view::npos) {
    return refuse(in_quotes(text) + " is a URL; a server is host:port, or unix:/path");
  }
  const auto parts = split_host_port(text);
  if (!parts)
    return refuse(in_quotes(text) + " is not a server; examples: 10.0.0.1:8080, chat.internal:8080, unix:/path");
  if (parts->port == 0) return refuse(in_quotes(text) + " has port 0; a server needs a port from 1 to 65535");
  if (!IpAddress::parse(parts->host) && !is_host_name(parts->host)) {
    return refuse(in_quotes(text) + " has no valid host name before the port");
  }
  if (const auto address = SocketAddress::parse(text)) return address->to_string();
  return std::string(text);
}

Result<std::string> read_host_pattern(std::string_view text) {
  const std::string_view name = text.starts_with("*.") ? text.substr(2) : text;
  const bool is_bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  const bool is_valid =
      is_bracketed ? IpAddress::parse(name.substr(1, name.size() - 2)).has_value() : is_host_name(name);
  if (is_valid) return lowercase(text);
  if (name.find(':') != std::string_view::npos) {
    return refuse(in_quotes(text) + " is not a host; write it without scheme and port");
  }
  return refuse(in_quotes(text) + " is not a host; examples: chat.example.com, *.example.com");
}

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
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return refuse(in_quotes(text) + " holds a line break or another control character");
  }
  return std::string(text);
}

}  // namespace

Result<std::string> read_text(const Key& key, std::string_view text, std::string_view directory) {
  auto checked = check_length(key, text);
  if (!checked) return checked;
  switch (key.type) {
    case Type::path:
      return absolute_path(text, directory);
    case Type::target:
      return read_target(key, text, directory);
    case Type::listener_address:
      return read_listener_address(text, directory);
    case Type::server_address:
      return read_server_address(text, directory);
    case Type::host_pattern:
      return read_host_pattern(text);
    case Type::url_path:
      if (!text.starts_with('/')) return refuse(in_quotes(text) + " does not begin with '/'");
      return checked;
    case Type::token:
      if (!is_token(text)) return refuse(in_quotes(text) + " is not a single word of letters, digits and -");
      return checked;
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
