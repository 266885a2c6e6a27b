#include "http/rewrite.h"

#include "http/forwarding.h"
#include "http/head_text.h"
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

void append_framing(std::string& out, const BodyFraming& body) {
  if (body.kind == BodyKind::chunked) append_field(out, "Transfer-Encoding", "chunked");
  if (body.kind == BodyKind::length) append_field(out, "Content-Length", std::to_string(body.length));
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

}  // namespace

std::string write_request_head(const RequestHead& head, const ForwardedClient& client, const RequestRewrite& rewrite) {
  std::string out;
  out.reserve(head.method.size() + head.target.size() + fields_size(head.headers) + kRoomForOwnFields);
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  const HopByHopFields hop_by_hop(head.headers);
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const Header header = head.headers.at(i);
    if (hop_by_hop.contains(header.name) || is_forwarding_field(header.name)) continue;
    append_field(out, header.name, header.value);
  }
  append_forwarding_fields(out, client, head.headers.find("Host").value_or(head.host));
  if (rewrite.purpose == RequestPurpose::websocket_upgrade) {
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  } else {
    append_framing(out, head.body);
    out.append("Connection: close\r\n");
  }
  return out.append("\r\n");
}

std::string write_response_head(const ResponseHead& head, const BodyFraming& body, ConnectionField connection,
                                const HeaderEdit* /*edit*/) {
  std::string out;
  out.reserve(head.reason.size() + fields_size(head.headers) + kRoomForOwnFields);
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason)).append("\r\n");
  const HopByHopFields hop_by_hop(head.headers);
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const Header header = head.headers.at(i);
    if (!hop_by_hop.contains(header.name)) append_field(out, header.name, header.value);
  }
  if (body.kind == BodyKind::none) {
    append_absent_body_length(out, head);
  } else {
    append_framing(out, body);
  }
  append_response_connection(out, head, connection);
  return out.append("\r\n");
}

}  // namespace hawser::http
