#include <array>
#include <utility>

#include "log/access_log.h"
#include "log/escape.h"

namespace hawser::log {

namespace {

constexpr std::string_view kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\"";

enum class JsonType : std::uint8_t { text, number };

struct JsonField {
  std::string_view key;
  std::string_view variable;
  JsonType type;
};

// The fields of format json, in their order on the line. Users' tools read them: names may be added, never changed.
constexpr std::array<JsonField, 35> kJsonFields{{
    {"time", "time_iso8601", JsonType::text},
    {"event", "ws_event", JsonType::text},
    {"session_id", "session_id", JsonType::text},
    {"request_id", "request_id", JsonType::text},
    {"listener", "listener", JsonType::text},
    {"remote_addr", "remote_addr", JsonType::text},
    {"remote_port", "remote_port", JsonType::number},
    {"scheme", "scheme", JsonType::text},
    {"protocol", "server_protocol", JsonType::text},
    {"method", "request_method", JsonType::text},
    {"host", "host", JsonType::text},
    {"uri", "request_uri", JsonType::text},
    {"status", "status", JsonType::number},
    {"route", "route", JsonType::text},
    {"upstream", "upstream", JsonType::text},
    {"upstream_addr", "upstream_addr", JsonType::text},
    {"upstream_status", "upstream_status", JsonType::number},
    {"upstream_connect_time", "upstream_connect_time", JsonType::number},
    {"request_time", "request_time", JsonType::number},
    {"request_length", "request_length", JsonType::number},
    {"bytes_sent", "bytes_sent", JsonType::number},
    {"referer", "http_referer", JsonType::text},
    {"user_agent", "http_user_agent", JsonType::text},
    {"config_generation", "config_generation", JsonType::number},
    {"ws_subprotocol", "ws_subprotocol", JsonType::text},
    {"ws_extensions", "ws_extensions", JsonType::text},
    {"ws_close_code", "ws_close_code", JsonType::number},
    {"ws_close_reason", "ws_close_reason", JsonType::text},
    {"ws_closed_by", "ws_closed_by", JsonType::text},
    {"ws_close_cause", "ws_close_cause", JsonType::text},
    {"ws_messages_in", "ws_messages_in", JsonType::number},
    {"ws_messages_out", "ws_messages_out", JsonType::number},
    {"ws_bytes_in", "ws_bytes_in", JsonType::number},
    {"ws_bytes_out", "ws_bytes_out", JsonType::number},
    {"ws_duration", "ws_duration", JsonType::number},
}};

// Digits with an optional fraction and without a leading zero: what Hawser's own variables give and JSON allows.
bool is_json_number(std::string_view text) {
  const auto is_digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (!is_digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  return point == std::string_view::npos || is_digits(text.substr(point + 1));
}

void append_json_line(const VariableSource& source, std::string& out) {
  std::string value;
  char separator = '{';
  for (const JsonField& field : kJsonFields) {
    value.clear();
    source.append_variable(field.variable, value);
    if (value.empty()) continue;
    out += std::exchange(separator, ',');
    out += '"';
    out += field.key;
    out += "\":";
    if (field.type == JsonType::number && is_json_number(value)) {
      out += value;
    } else {
      append_json_string(value, out);
    }
  }
  out += separator == '{' ? "{}" : "}";
}

// Values as nginx's access log shows them: a dash for none, \xHH for what could break the line.
class EscapedSource final : public VariableSource {
 public:
  explicit EscapedSource(const VariableSource& source) : source_(source) {}

  void append_variable(std::string_view name, std::string& out) const override {
    const std::size_t begin = out.size();
    source_.append_variable(name, out);
    if (out.size() == begin) {
      out += '-';
    } else {
      escape_tail(out, begin);
    }
  }

 private:
  const VariableSource& source_;
};

}  // namespace

Result<AccessFormat> AccessFormat::compile(std::string_view format) {
  AccessFormat compiled;
  if (format == "json") return compiled;
  auto text = TemplateText::compile(format == "combined" ? kCombined : format, is_known_variable);
  if (!text) return std::unexpected(std::move(text.error()));
  compiled.kind_ = Kind::text;
  compiled.template_ = std::move(*text);
  return compiled;
}

void AccessFormat::expand(const VariableSource& source, std::string& out) const {
  if (kind_ == Kind::json) {
    append_json_line(source, out);
  } else {
    template_.expand(EscapedSource(source), out);
  }
}

}  // namespace hawser::log
