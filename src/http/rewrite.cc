#include "http/rewrite.h"

#include "base/ascii.h"
#include "http/forwarding.h"
#include "http/head_text.h"
#include "http/header_edit.h"
#include "http/hop_by_hop.h"
#include "http/own_answer.h"

namespace hawser::http {

namespace {

constexpr std::size_t kRoomForOwnFields = 384;

// What the kept fields need at most, so that the head is written into one allocation.
std::size_t fields_size(const HeaderList& headers) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers.at(i);
    size += header.name.size() + header.value.size() + 4;
  }
  return size;
}

// Trailer announces fields behind the last chunk, so it goes with the chunks (RFC 9110, section 6.6.2).
void append_trailer_names(std::string& out, const HeaderList& headers) {
  constexpr std::string_view kTrailer = "Trailer";
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers.at(i);
    if (equals_ignoring_case(header.name, kTrailer)) append_field(out, kTrailer, header.value);
  }
}

// `body` as it is sent on, `headers` as they came.
void append_framing(std::string& out, const BodyFraming& body, const HeaderList& headers) {
  if (body.kind == BodyKind::length) append_field(out, "Content-Length", std::to_string(body.length));
  if (body.kind != BodyKind::chunked) return;
  append_trailer_names(out, headers);
  append_field(out, "Transfer-Encoding", "chunked");
}

// Of a response without a body only the one to HEAD and 304 may tell a length; that of the body it would have had.
void append_absent_body_length(std::string& out, const ResponseHead& head) {
  if (head.status < 200 || head.status == 204) return;
  if (const auto length = head.headers.find("Content-Length")) append_field(out, "Content-Length", *length);
}

// A 426 has to say what to upgrade to (RFC 9110, section 15.5.22), and Upgrade must be named by Connection.
bool announces_websocket(const ResponseHead& head) {
  return head.status == 426 && head.headers.has_token("Upgrade", "websocket");
}

void append_response_connection(std::string& out, const ResponseHead& head, ConnectionField connection) {
  if (connection == ConnectionField::upgrade) {
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    return;
  }
  if (head.status < 200) return;
  const std::string_view persistence = connection == ConnectionField::close ? "close" : "keep-alive";
  out.append("Connection: ").append(persistence);
  out.append(announces_websocket(head) ? ", Upgrade\r\nUpgrade: websocket\r\n" : "\r\n");
}

// What a client of HTTP/1.0 expects is to be ignored (RFC 9110, section 10.1.1).
bool is_ignored_expectation(std::string_view name, Version version) {
  return version == Version::http_1_0 && equals_ignoring_case(name, "Expect");
}

void append_request_fields(std::string& out, const RequestHead& head, HopTrust trust, std::string_view new_host) {
  const HopByHopFields hop_by_hop(head.headers);
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const Header header = head.headers.at(i);
    if (hop_by_hop.contains(header.name) || is_replaced_field(header.name, trust)) continue;
    if (is_ignored_expectation(header.name, head.version)) continue;
    const bool is_replaced = !new_host.empty() && equals_ignoring_case(header.name, "Host");
    append_field(out, header.name, is_replaced ? new_host : header.value);
  }
}

void append_response_fields(std::string& out, const ResponseHead& head) {
  const HopByHopFields hop_by_hop(head.headers);
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const Header header = head.headers.at(i);
    if (!hop_by_hop.contains(header.name)) append_field(out, header.name, header.value);
  }
}

}  // namespace

void append_request_head(std::string& out, const RequestHead& head, const ForwardedClient& client,
                         const RequestRewrite& rewrite) {
  const std::string_view target = rewrite.target.empty() ? std::string_view(head.target) : rewrite.target;
  out.reserve(out.size() + head.method.size() + target.size() + rewrite.host.size() + fields_size(head.headers) +
              kRoomForOwnFields);
  out.append(head.method).append(" ").append(target).append(" HTTP/1.1\r\n");
  const std::size_t first_line = out.size();
  append_request_fields(out, head, client.trust, rewrite.host);
  append_forwarding_fields(out, client, head.headers, head.headers.find("Host").value_or(head.host));
  if (rewrite.purpose == RequestPurpose::websocket_upgrade) {
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  } else {
    append_framing(out, head.body, head.headers);
  }
  apply_edit(out, first_line, rewrite.edit);
  out.append("\r\n");
}

std::string write_request_head(const RequestHead& head, const ForwardedClient& client, const RequestRewrite& rewrite) {
  std::string out;
  append_request_head(out, head, client, rewrite);
  return out;
}

void append_response_head(std::string& out, const ResponseHead& head, const BodyFraming& body,
                          ConnectionField connection, const HeaderEdit* edit) {
  out.reserve(out.size() + head.reason.size() + fields_size(head.headers) + kRoomForOwnFields);
  append_status_line(out, head.status,
                     head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason));
  const std::size_t first_line = out.size();
  append_response_fields(out, head);
  if (body.kind == BodyKind::none) {
    append_absent_body_length(out, head);
  } else {
    append_framing(out, body, head.headers);
  }
  append_response_connection(out, head, connection);
  apply_edit(out, first_line, edit);
  out.append("\r\n");
}

std::string write_response_head(const ResponseHead& head, const BodyFraming& body, ConnectionField connection,
                                const HeaderEdit* edit) {
  std::string out;
  append_response_head(out, head, body, connection, edit);
  return out;
}

}  // namespace hawser::http
