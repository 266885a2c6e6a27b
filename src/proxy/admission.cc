#include "proxy/admission.h"

#include <string>

#include "proxy/retry_after.h"
#include "websocket/handshake.h"

namespace hawser::proxy {

namespace {

Verdict refuse(int status, std::string_view reason) {
  Verdict verdict;
  verdict.refusal_status = status;
  verdict.reason = reason;
  return verdict;
}

}  // namespace

Verdict admit(const Snapshot& snapshot, const ListenerOptions& listener, const http::RequestHead& request,
              std::uint64_t rank, std::uint64_t random) {
  if (listener.max_sessions && rank > *listener.max_sessions) {
    Verdict verdict = refuse(503, "the listener is at max_sessions");
    verdict.refusal_fields.emplace_back("Retry-After", retry_after(random));
    return verdict;
  }
  const auto position = snapshot.router.find(request, listener.name);
  if (!position) return refuse(404, "no route matches");
  Verdict admitted;
  admitted.route = snapshot.routes[*position];
  if (!request.is_websocket_upgrade || !admitted.route->is_websocket_enabled) return admitted;
  if (request.body.has_bytes()) return refuse(400, "an upgrade request with a body");
  switch (websocket::check_upgrade_request(request)) {
    case websocket::RequestVerdict::fine:
      break;
    case websocket::RequestVerdict::wrong_version: {
      Verdict verdict = refuse(426, "another WebSocket version than 13");
      verdict.refusal_fields.emplace_back("Sec-WebSocket-Version", "13");
      return verdict;
    }
    case websocket::RequestVerdict::bad_key:
      return refuse(400, "no Sec-WebSocket-Key of 16 bytes in base64");
  }
  admitted.service = Service::websocket;
  return admitted;
}

}  // namespace hawser::proxy
