// The access log: one line a session or request, in a compiled format. Written by the thread of the error log's kind;
// any worker may write, none waits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template_text.h"

namespace hawser::log {

// A line's format: json (an object a line), combined (nginx's) or a template. Immutable; any thread.
// The fields of json, absent ones left out, numbers as JSON numbers: time, event, session_id, request_id, listener,
// remote_addr, remote_port, scheme, protocol, method, host, uri (with its query), status, route, upstream,
// upstream_addr, upstream_status, upstream_connect_time, request_time, request_length, bytes_sent, referer,
// user_agent, config_generation, and of a WebSocket ws_subprotocol, ws_extensions, ws_close_code, ws_close_reason,
// ws_closed_by, ws_close_cause, ws_messages_in, ws_messages_out, ws_bytes_in, ws_bytes_out, ws_duration.
class AccessFormat {
 public:
  // `json`, `combined` or a template text; invalid_argument names the unknown variable.
  [[nodiscard]] static Result<AccessFormat> compile(std::string_view format);
  // The line without its newline. Values are escaped as the format needs (JSON strings; \xHH in templates, where an
  // empty value is a dash, as in nginx).
  void expand(const VariableSource& source, std::string& out) const;

 private:
  enum class Kind : std::uint8_t { json, text };
  Kind kind_ = Kind::json;
  TemplateText template_;
};

// Whether the access log and keys of the configuration know a variable of this name: nginx's own (remote_addr,
// remote_port, realip_remote_addr, host, uri, request_uri, request_method, args, arg_NAME, http_NAME, cookie_NAME,
// scheme, status, server_protocol, request, request_id, request_time, time_iso8601, time_local, msec, bytes_sent,
// body_bytes_sent, request_length, upstream_addr, upstream_status, upstream_connect_time, remote_user, http_referer, …)
// and Hawser's (route, upstream, session_id, listener, config_generation, ws_event, ws_close_code, ws_close_reason,
// ws_closed_by, ws_close_cause, ws_messages_in, ws_messages_out, ws_bytes_in, ws_bytes_out, ws_subprotocol,
// ws_extensions, ws_duration).
[[nodiscard]] bool is_known_variable(std::string_view name);

class AccessLog {
 public:
  // `target` is stdout, stderr, syslog or the path of a file.
  [[nodiscard]] static Result<std::unique_ptr<AccessLog>> open(const std::string& target);
  ~AccessLog();
  void write(std::string_view line) noexcept;
  [[nodiscard]] Status reopen();
  void flush() noexcept;
  [[nodiscard]] std::uint64_t lost_lines() const noexcept;

 private:
  AccessLog();
  class Backend;
  std::unique_ptr<Backend> backend_;
};

}  // namespace hawser::log
