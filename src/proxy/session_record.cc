#include "proxy/session_record.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "http/query.h"
#include "http/request_target.h"

namespace hawser::proxy {

namespace {

// What an append function may look at.
struct Sight {
  const SessionRecord& record;
  TimePoint now;
};

using Append = void (*)(const Sight& sight, std::string& out);

struct Variable {
  std::string_view name;
  Append append;
};

void append_hex(std::uint64_t value, std::string& out) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  out += text;
}

// Seconds with three digits behind the point, as nginx writes them.
void append_seconds(Duration duration, std::string& out) {
  char text[32];
  const long long count = std::max<long long>(duration.count(), 0);
  std::snprintf(text, sizeof text, "%lld.%03lld", count / 1000, count % 1000);
  out += text;
}

void append_time(const char* format, std::string& out) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[64];
  out.append(text, std::strftime(text, sizeof text, format, &parts));
}

// +hh:mm, which strftime writes without its colon.
void append_iso_time(const Sight& /*sight*/, std::string& out) {
  append_time("%Y-%m-%dT%H:%M:%S%z", out);
  out.insert(out.size() - 2, ":");
}

void append_milliseconds_of_epoch(std::string& out) {
  std::timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  append_seconds(std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000), out);
}

std::string_view version_text(http::Version version) {
  return version == http::Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
}

// The number once the session is a WebSocket; nothing before, so that plain requests carry no zeros.
void append_count(const Sight& sight, std::uint64_t count, std::string& out) {
  if (sight.record.relay_started) out += std::to_string(count);
}

void append_status(int status, std::string& out) {
  if (status != 0) out += std::to_string(status);
}

constexpr std::array kVariables = std::to_array<Variable>({
    {"args", [](const Sight& s, std::string& out) { out += s.record.head.query; }},
    {"body_bytes_sent", [](const Sight& s, std::string& out) { out += std::to_string(s.record.body_bytes_sent); }},
    {"bytes_sent", [](const Sight& s, std::string& out) { out += std::to_string(s.record.bytes_sent); }},
    {"config_generation", [](const Sight& s, std::string& out) { out += std::to_string(s.record.config_generation); }},
    {"host", [](const Sight& s, std::string& out) { out += http::host_name(s.record.head.host); }},
    {"listener", [](const Sight& s, std::string& out) { out += s.record.listener; }},
    {"msec", [](const Sight&, std::string& out) { append_milliseconds_of_epoch(out); }},
    {"realip_remote_addr",
     [](const Sight& s, std::string& out) { out += s.record.peer ? s.record.peer->address.to_string() : "unix:"; }},
    {"remote_addr",
     [](const Sight& s, std::string& out) { out += s.record.client ? s.record.client->to_string() : "unix:"; }},
    {"remote_port",
     [](const Sight& s, std::string& out) {
       if (s.record.peer) out += std::to_string(s.record.peer->port);
     }},
    {"request",
     [](const Sight& s, std::string& out) {
       if (s.record.head.method.empty()) return;
       out.append(s.record.head.method).append(" ").append(s.record.head.target).append(" ");
       out += version_text(s.record.head.version);
     }},
    {"request_id",
     [](const Sight& s, std::string& out) {
       for (const std::uint64_t part : s.record.request_id) append_hex(part, out);
     }},
    {"request_length", [](const Sight& s, std::string& out) { out += std::to_string(s.record.request_length); }},
    {"request_method", [](const Sight& s, std::string& out) { out += s.record.head.method; }},
    {"request_time", [](const Sight& s, std::string& out) { append_seconds(s.now - s.record.started, out); }},
    {"request_uri", [](const Sight& s, std::string& out) { out += s.record.head.target; }},
    {"route", [](const Sight& s, std::string& out) { out += s.record.route ? s.record.route->name : ""; }},
    {"scheme",
     [](const Sight& s, std::string& out) { out += s.record.scheme == http::Scheme::https ? "https" : "http"; }},
    {"server_protocol",
     [](const Sight& s, std::string& out) {
       if (!s.record.head.method.empty()) out += version_text(s.record.head.version);
     }},
    {"session_id", [](const Sight& s, std::string& out) { append_hex(s.record.session_id, out); }},
    {"status", [](const Sight& s, std::string& out) { append_status(s.record.status, out); }},
    {"time_iso8601", append_iso_time},
    {"time_local", [](const Sight&, std::string& out) { append_time("%d/%b/%Y:%H:%M:%S %z", out); }},
    {"upstream", [](const Sight& s, std::string& out) { out += s.record.upstream; }},
    {"upstream_addr", [](const Sight& s, std::string& out) { out += s.record.server; }},
    {"upstream_connect_time",
     [](const Sight& s, std::string& out) {
       if (s.record.connect_time >= Duration::zero()) append_seconds(s.record.connect_time, out);
     }},
    {"upstream_status", [](const Sight& s, std::string& out) { append_status(s.record.upstream_status, out); }},
    {"uri", [](const Sight& s, std::string& out) { out += s.record.head.path; }},
    {"ws_bytes_in", [](const Sight& s, std::string& out) { append_count(s, s.record.relay.bytes_in, out); }},
    {"ws_bytes_out", [](const Sight& s, std::string& out) { append_count(s, s.record.relay.bytes_out, out); }},
    {"ws_close_cause",
     [](const Sight& s, std::string& out) { out += s.record.relay_started ? to_string(s.record.relay.cause) : ""; }},
    {"ws_close_code",
     [](const Sight& s, std::string& out) { append_count(s, static_cast<std::uint64_t>(s.record.relay.code), out); }},
    {"ws_close_reason", [](const Sight& s, std::string& out) { out += s.record.relay.reason; }},
    {"ws_closed_by",
     [](const Sight& s, std::string& out) { out += s.record.relay_started ? to_string(s.record.relay.by) : ""; }},
    {"ws_duration",
     [](const Sight& s, std::string& out) {
       if (s.record.relay_started) append_seconds(s.now - *s.record.relay_started, out);
     }},
    {"ws_event", [](const Sight& s, std::string& out) { out += s.record.relay_started ? "close" : ""; }},
    {"ws_extensions", [](const Sight& s, std::string& out) { out += s.record.extensions; }},
    {"ws_messages_in", [](const Sight& s, std::string& out) { append_count(s, s.record.relay.messages_in, out); }},
    {"ws_messages_out", [](const Sight& s, std::string& out) { append_count(s, s.record.relay.messages_out, out); }},
    {"ws_subprotocol", [](const Sight& s, std::string& out) { out += s.record.subprotocol; }},
});

// Variables that take the name of something in the request behind their prefix.
bool append_from_request(const http::RequestHead& head, std::string_view name, std::string& out) {
  std::optional<std::string_view> value;
  if (name.starts_with("http_")) {
    std::string field(name.substr(5));
    std::replace(field.begin(), field.end(), '_', '-');
    value = head.headers.find(field);
  } else if (name.starts_with("arg_")) {
    value = http::find_query_argument(head.query, name.substr(4));
  } else if (name.starts_with("cookie_")) {
    value = http::find_cookie(head.headers, name.substr(7));
  } else {
    return false;
  }
  if (value) out += *value;
  return true;
}

}  // namespace

std::string session_name(std::uint64_t session_id) {
  std::string name;
  append_hex(session_id, name);
  return name;
}

void RecordVariables::append_variable(std::string_view name, std::string& out) const {
  if (append_from_request(record_.head, name, out)) return;
  const auto* const found = std::find_if(kVariables.begin(), kVariables.end(),
                                         [name](const Variable& variable) { return variable.name == name; });
  if (found != kVariables.end()) found->append(Sight{record_, now_}, out);
}

}  // namespace hawser::proxy
