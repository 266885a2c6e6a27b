#include "config/address_format.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/socket_address.h"
#include "config/source_text.h"
#include "config/text_format.h"

namespace hawser::config {

namespace {

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

Result<std::string> read_host_port(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts || parts->port == 0) {
    return refuse(in_quotes(text) + " is not a name with a port; example: chat.internal:8080");
  }
  if (IpAddress::parse(parts->host)) return refuse(in_quotes(text) + " is no name to look up; write it under servers");
  if (!is_host_name(parts->host)) return refuse(in_quotes(text) + " has no valid host name before the port");
  return lowercase(text);
}

Result<std::string> read_host_name(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address->to_string();
  if (is_host_name(text)) return lowercase(text);
  return refuse(in_quotes(text) + " is not a host name; write it without scheme and port");
}

// The text between brackets, or the text itself.
std::string_view without_brackets(std::string_view text) {
  const bool is_bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  return is_bracketed ? text.substr(1, text.size() - 2) : text;
}

Result<std::string> read_host_field(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view inner = without_brackets(text);
  const bool is_v6 = inner.size() != text.size() && IpAddress::parse(inner);
  if (is_v6 || is_host_name(text)) return lowercase(text);
  const auto parts = split_host_port(text);
  if (colon != std::string_view::npos && parts && (IpAddress::parse(parts->host) || is_host_name(parts->host))) {
    return lowercase(text);
  }
  return refuse(in_quotes(text) + " is not a host; examples: chat.example.com, chat.example.com:8080, [::1]:8080");
}

Result<std::string> read_service_name(std::string_view text) {
  const std::size_t second = text.find("._", 1);
  const std::size_t name = second == std::string_view::npos ? second : text.find('.', second + 2);
  const bool has_parts = text.front() == '_' && second > 1 && name != std::string_view::npos && name > second + 2;
  if (has_parts && is_host_name(text.substr(name + 1)) && is_host_name(text)) return lowercase(text);
  const bool has_port = text.find(':') != std::string_view::npos;
  return refuse(in_quotes(text) + " is not a service; example: _ws._tcp.example.com" +
                (has_port ? " (its records name the ports)" : ""));
}

Result<std::string> read_ip_address(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address->to_string();
  return refuse(in_quotes(text) + " is not an IP address");
}

Result<std::string> read_network(std::string_view text) {
  if (const auto network = IpNetwork::parse(text); !network) return refuse(network.error().message);
  const std::size_t slash = std::min(text.find('/'), text.size());
  return IpAddress::parse(text.substr(0, slash))->to_string() + std::string(text.substr(slash));
}

Result<std::string> read_nameserver(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address->to_string();
  const auto parsed = SocketAddress::parse(text);
  if (parsed && parsed->ip() != nullptr && parsed->ip()->port != 0) return parsed->to_string();
  return refuse(in_quotes(text) +
                " is not the address of a nameserver; examples: 10.0.0.2, 10.0.0.2:5353, [fd00::1]:53");
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

}  // namespace

bool is_address_type(Type type) noexcept { return type >= Type::listener_address && type <= Type::nameserver; }

Result<std::string> read_address(Type type, std::string_view text, std::string_view directory) {
  switch (type) {
    case Type::listener_address:
      return read_listener_address(text, directory);
    case Type::server_address:
      return read_server_address(text, directory);
    case Type::host_port:
      return read_host_port(text);
    case Type::host_name:
      return read_host_name(text);
    case Type::host_field:
      return read_host_field(text);
    case Type::host_pattern:
      return read_host_pattern(text);
    case Type::service_name:
      return read_service_name(text);
    case Type::ip_address:
      return read_ip_address(text);
    case Type::network:
      return read_network(text);
    case Type::nameserver:
      return read_nameserver(text);
    default:
      return refuse("is not an address");
  }
}

}  // namespace hawser::config
