#include "config/upstream_checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/socket_address.h"
#include "config/source_text.h"
#include "config/unique_names.h"

namespace hawser::config {

namespace {

// Headers that a health check writes or leaves out by itself, and the key that says what is in them.
struct OwnHeader {
  std::string_view name;
  std::string_view key;
};
constexpr std::array<OwnHeader, 8> kOwnHeaders{{{"host", "host"},
                                                {"connection", ""},
                                                {"upgrade", ""},
                                                {"content-length", ""},
                                                {"transfer-encoding", ""},
                                                {"te", ""},
                                                {"trailer", ""},
                                                {"expect", ""}}};
constexpr std::string_view kHandshakeHeaders = "sec-websocket-";
constexpr OwnHeader kSubprotocol{"sec-websocket-protocol", "subprotocol"};

bool is_unix(const Server& server) { return server.address.starts_with("unix:"); }

void warn(const Location& where, std::string message, Diagnostics& diagnostics) {
  diagnostics.push_back({where, std::move(message), Severity::warning});
}

void check_names_to_verify(const Upstream& upstream, Diagnostics& diagnostics) {
  if (!upstream.tls || !upstream.tls->verify || !upstream.tls->server_name.empty()) return;
  for (const Server& server : upstream.servers) {
    if (!is_unix(server)) continue;
    diagnostics.push_back({server.where, "a unix socket has no host name that its certificate could have; " +
                                             std::string("give tls.server_name, or tls.verify: false")});
  }
}

std::optional<OwnHeader> find_own_header(std::string_view lower) {
  if (lower == kSubprotocol.name) return kSubprotocol;
  if (lower.starts_with(kHandshakeHeaders)) return OwnHeader{lower, ""};
  const auto* const own = std::ranges::find(kOwnHeaders, lower, &OwnHeader::name);
  return own != kOwnHeaders.end() ? std::optional(*own) : std::nullopt;
}

void check_headers(const HealthCheck& check, Diagnostics& diagnostics) {
  for (const auto& [name, value] : check.headers) {
    const std::string lower = lowercase(name);
    const std::optional<OwnHeader> own = find_own_header(lower);
    if (!own) continue;
    const std::string hint = own->key.empty() ? "" : "; use the key '" + std::string(own->key) + "'";
    diagnostics.push_back({check.where, "a health check does not take the header " + in_quotes(name) + hint});
  }
}

void check_health(const Upstream& upstream, Diagnostics& diagnostics) {
  if (!upstream.health_check) return;
  const HealthCheck& check = *upstream.health_check;
  check_headers(check, diagnostics);
  if (!check.body.empty() && check.method == "HEAD") {
    diagnostics.push_back({check.where, "the answer to HEAD has no body that could contain 'body'"});
  }
  if (check.port != 0 && std::any_of(upstream.servers.begin(), upstream.servers.end(), is_unix)) {
    warn(check.where, "'port' has no effect on unix sockets", diagnostics);
  }
}

void check_queue(const Upstream& upstream, Diagnostics& diagnostics) {
  if (upstream.queue.size == 0 || !upstream.discover.file.empty()) return;
  const bool is_limited = std::any_of(upstream.servers.begin(), upstream.servers.end(),
                                      [](const Server& server) { return server.max_sessions.has_value(); });
  if (!is_limited) warn(upstream.where, "'queue' has no effect, since no server has max_sessions", diagnostics);
}

void check_source_families(const Upstream& upstream, Diagnostics& diagnostics) {
  std::array<bool, 2> has_family{};
  for (const std::string& text : upstream.source_addresses) {
    if (const auto address = IpAddress::parse(text)) has_family.at(address->is_v6() ? 1 : 0) = true;
  }
  if (has_family[0] == has_family[1]) return;
  for (const Server& server : upstream.servers) {
    const auto address = SocketAddress::parse(server.address);
    if (!address || address->ip() == nullptr || has_family.at(address->ip()->address.is_v6() ? 1 : 0)) continue;
    warn(server.where, "none of source_addresses can reach this server, so the system chooses one", diagnostics);
  }
}

}  // namespace

void check_servers(const std::vector<Server>& servers, Diagnostics& diagnostics) {
  UniqueNames names("the server", diagnostics);
  for (const Server& server : servers) names.add(server.address, server.where);
}

void check_upstream(const Upstream& upstream, Diagnostics& diagnostics) {
  check_servers(upstream.servers, diagnostics);
  check_names_to_verify(upstream, diagnostics);
  check_health(upstream, diagnostics);
  check_queue(upstream, diagnostics);
  check_source_families(upstream, diagnostics);
}

}  // namespace hawser::config
