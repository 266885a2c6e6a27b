#include "proxy/admission.h"

#include <string>

#include "proxy/retry_after.h"
#include "websocket/handshake.h"

namespace hawser::proxy {

namespace {

Refusal refuse(int status, std::string_view reason) { return {.status = status, .reason = reason}; }

// Nothing when the handshake is sound.
std::optional<Refusal> check_handshake(const http::RequestHead& request) {
  if (request.body.has_bytes()) return refuse(400, "an upgrade request with a body");
  switch (websocket::check_upgrade_request(request)) {
    case websocket::RequestVerdict::fine:
      break;
    case websocket::RequestVerdict::wrong_version: {
      Refusal refusal = refuse(426, "another WebSocket version than 13");
      refusal.fields.emplace_back("Sec-WebSocket-Version", "13");
      return refusal;
    }
    case websocket::RequestVerdict::bad_key:
      return refuse(400, "no Sec-WebSocket-Key of 16 bytes in base64");
  }
  return std::nullopt;
}

}  // namespace

Verdict admit(const Snapshot& snapshot, const ListenerOptions& listener, const SessionStanding& standing,
              const SessionRecord& record, Rng& rng, TimePoint now) {
  const http::RequestHead& request = record.head;
  Verdict verdict;
  if (listener.max_sessions && standing.listener_rank > *listener.max_sessions) {
    Refusal refusal = refuse(503, "the listener is at max_sessions");
    refusal.fields.emplace_back("Retry-After", retry_after(rng.next()));
    verdict.decision = std::move(refusal);
    return verdict;
  }
  const auto position = snapshot.router.find(request, listener.name);
  if (!position) {
    verdict.decision = refuse(404, "no route matches");
    return verdict;
  }
  verdict.route = snapshot.routes[*position];
  const Route& route = *verdict.route;
  Forward forward;
  forward.upstream = std::get<Split>(route.action).pick(RecordVariables(record, now), rng.next());
  if (request.is_websocket_upgrade && route.options->is_websocket_enabled) {
    if (auto refusal = check_handshake(request)) {
      verdict.decision = std::move(*refusal);
      return verdict;
    }
    forward.service = Service::websocket;
  }
  verdict.decision = forward;
  return verdict;
}

}  // namespace hawser::proxy
