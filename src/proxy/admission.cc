#include "proxy/admission.h"

#include <optional>
#include <string>

#include "http/own_answer.h"
#include "http/request_path.h"
#include "http/request_target.h"
#include "limits/client_network.h"
#include "proxy/retry_after.h"
#include "proxy/rewrite_target.h"
#include "websocket/handshake.h"

namespace hawser::proxy {

namespace {

// What the request is judged by, the same for every question.
struct Question {
  const ListenerOptions& listener;
  const SessionStanding& standing;
  const SessionRecord& record;
  Rng& rng;
  TimePoint now;
};

using MaybeRefusal = std::optional<Refusal>;

Refusal refuse(int status, std::string_view reason) { return {.status = status, .reason = reason}; }

// The client may come back.
Refusal put_off(int status, std::string_view reason, Rng& rng) {
  Refusal refusal = refuse(status, reason);
  refusal.fields.emplace_back("Retry-After", retry_after(rng.next()));
  return refusal;
}

MaybeRefusal check_listener(const Question& ask) {
  const ListenerOptions& listener = ask.listener;
  if (listener.max_sessions && ask.standing.listener_rank > *listener.max_sessions) {
    return put_off(503, "the listener is at max_sessions", ask.rng);
  }
  if (listener.max_sessions_per_ip && ask.standing.address_rank > *listener.max_sessions_per_ip) {
    return put_off(429, "the client is at max_sessions_per_ip", ask.rng);
  }
  if (!ask.standing.is_within_rate) return put_off(503, "the listener is at new_sessions_per_second", ask.rng);
  return std::nullopt;
}

// A client on a unix socket has no address, which no list holds.
MaybeRefusal check_access(const AccessRule& access, const std::optional<IpAddress>& client) {
  if (client && is_in_any(access.deny, *client)) return refuse(403, "the client's address is denied");
  if (access.allow.empty() || (client && is_in_any(access.allow, *client))) return std::nullopt;
  return refuse(403, "the client's address is not allowed");
}

// What keys of rates are made of: a client of IPv6 has a /64 full of addresses, which must not be as many buckets.
class RateVariables final : public VariableSource {
 public:
  RateVariables(const SessionRecord& record, TimePoint now) : record_(record), all_(record, now) {}

  void append_variable(std::string_view name, std::string& out) const override {
    if (name == "remote_addr" && record_.client) {
      out += limits::client_network(*record_.client).to_string();
    } else if (name == "realip_remote_addr" && record_.peer) {
      out += limits::client_network(record_.peer->address).to_string();
    } else {
      all_.append_variable(name, out);
    }
  }

 private:
  const SessionRecord& record_;
  RecordVariables all_;
};

bool try_take(const RouteRate& rate, const Question& ask) {
  std::string key;
  rate.key.expand(RateVariables(ask.record, ask.now), key);
  return rate.limiter->try_take(key, rate.rate, ask.now);
}

MaybeRefusal check_rates(const Route& route, const Question& ask, Service service) {
  if (service == Service::websocket && route.upgrade_rate) {
    if (try_take(*route.upgrade_rate, ask)) return std::nullopt;
    return put_off(503, "the route is at upgrade_rate", ask.rng);
  }
  if (!route.request_rate || try_take(*route.request_rate, ask)) return std::nullopt;
  return put_off(429, "the client is at request_rate", ask.rng);
}

MaybeRefusal check_body(const Route& route, const http::BodyFraming& body) {
  if (!route.max_body_size || body.kind != http::BodyKind::length || body.length <= *route.max_body_size) {
    return std::nullopt;
  }
  return refuse(413, "the body is larger than max_body_size");
}

MaybeRefusal check_request(const Route& route, const Question& ask, Service service) {
  if (auto refusal = check_access(route.access, ask.record.client)) return refusal;
  if (auto refusal = check_rates(route, ask, service)) return refusal;
  if (ask.record.head.has_unknown_expectation) return refuse(417, "an expectation other than 100-continue");
  return check_body(route, ask.record.head.body);
}

// $uri is decoded: in a URL it would begin a query with what was %3F, and another host with what was %5C.
class UrlVariables final : public VariableSource {
 public:
  explicit UrlVariables(const VariableSource& all) : all_(all) {}

  void append_variable(std::string_view name, std::string& out) const override {
    if (name != "uri") return all_.append_variable(name, out);
    std::string path;
    all_.append_variable(name, path);
    http::append_encoded_path(out, path);
  }

 private:
  const VariableSource& all_;
};

Reply redirect_to(const RedirectAction& redirect, const VariableSource& variables) {
  std::string location;
  redirect.location.expand(UrlVariables(variables), location);
  Reply reply{.status = redirect.status};
  http::append_url(reply.fields.emplace_back("Location", std::string()).second, location);
  const std::string title = std::to_string(redirect.status) + " " + std::string(http::reason_phrase(redirect.status));
  reply.content_type = "text/html";
  reply.body =
      "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head>\n<body><h1>" + title + "</h1></body></html>\n";
  return reply;
}

Reply respond_with(const RespondAction& respond, const VariableSource& variables) {
  Reply reply{.status = respond.status, .content_type = respond.content_type};
  respond.body.expand(variables, reply.body);
  return reply;
}

MaybeRefusal check_handshake(const http::RequestHead& request) {
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

// What a client puts into it must not make the server see what is no host.
MaybeRefusal check_rewritten_host(const Route& route, const VariableSource& variables) {
  const std::string host = rewritten_host(route, variables);
  if (host.empty() || http::is_valid_authority(host)) return std::nullopt;
  return refuse(400, "what rewrite.host makes of the request is not a host");
}

std::variant<Refusal, Reply, Forward> decide(const Route& route, const Question& ask) {
  const http::RequestHead& request = ask.record.head;
  const bool is_upgrade = request.is_websocket_upgrade && route.options->is_websocket_enabled;
  const Service service = is_upgrade ? Service::websocket : Service::exchange;
  if (auto refusal = check_request(route, ask, service)) return std::move(*refusal);
  const RecordVariables variables(ask.record, ask.now);
  if (const auto* const redirect = std::get_if<RedirectAction>(&route.action)) return redirect_to(*redirect, variables);
  if (const auto* const respond = std::get_if<RespondAction>(&route.action)) return respond_with(*respond, variables);
  if (service == Service::websocket) {
    if (auto refusal = check_handshake(request)) return std::move(*refusal);
  }
  if (auto refusal = check_rewritten_host(route, variables)) return std::move(*refusal);
  return Forward{service, std::get<Split>(route.action).pick(variables, ask.rng.next())};
}

}  // namespace

Verdict admit(const Snapshot& snapshot, const ListenerOptions& listener, const SessionStanding& standing,
              const SessionRecord& record, Rng& rng, TimePoint now) {
  const Question ask{listener, standing, record, rng, now};
  if (auto refusal = check_listener(ask)) return {.decision = std::move(*refusal)};
  const auto position = snapshot.router.find(record.head, listener.name);
  if (!position) return {.decision = refuse(404, "no route matches")};
  const auto& route = snapshot.routes[*position];
  return {.route = route, .decision = decide(*route, ask)};
}

}  // namespace hawser::proxy
