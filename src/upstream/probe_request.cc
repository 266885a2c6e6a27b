#include "upstream/probe_request.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/secure_random.h"
#include "tls/digest.h"

namespace hawser::upstream {

namespace {

constexpr std::size_t kKeyBytes = 16;

// Fields that say how the check itself goes, which no option may contradict.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 7> kOurs{"Connection", "Upgrade", "Content-Length", "Transfer-Encoding",
                                                  "TE",         "Trailer", "Expect"};
  constexpr std::string_view kHandshake = "Sec-WebSocket-";
  return equals_ignoring_case(name.substr(0, kHandshake.size()), kHandshake) ||
         std::any_of(kOurs.begin(), kOurs.end(), [name](auto ours) { return equals_ignoring_case(name, ours); });
}

std::string_view host_of(const config::HealthCheck& options, std::string_view server) {
  if (!options.host.empty()) return options.host;
  return server.starts_with("unix:") ? "localhost" : server;
}

http::RequestHead make_request(const config::HealthCheck& options, std::string_view server) {
  http::RequestHead request;
  request.target = options.path;
  http::HeaderList given;
  for (const auto& [name, value] : options.headers) {
    if (!is_ours(name)) given.add(name, value);
  }
  if (!given.find("Host")) request.headers.add("Host", host_of(options, server));
  if (!given.find("User-Agent")) request.headers.add("User-Agent", "hawser-health/" HAWSER_VERSION);
  for (std::size_t i = 0; i < given.size(); ++i) request.headers.add(given.at(i).name, given.at(i).value);
  return request;
}

// Methods whose requests usually carry a body must say that there is none (RFC 9110, section 8.6).
bool expects_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

std::string new_key() {
  std::array<std::byte, kKeyBytes> random{};
  fill_random(random);
  return tls::base64_encode(random);
}

}  // namespace

http::RequestHead make_http_probe(const config::HealthCheck& options, std::string_view server) {
  http::RequestHead request = make_request(options, server);
  request.method = options.method;
  if (expects_body(request.method)) request.headers.add("Content-Length", "0");
  request.headers.add("Connection", "close");
  return request;
}

http::RequestHead make_websocket_probe(const config::HealthCheck& options, std::string_view server) {
  http::RequestHead request = make_request(options, server);
  request.method = "GET";
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Version", "13");
  request.headers.add("Sec-WebSocket-Key", new_key());
  if (!options.subprotocol.empty()) request.headers.add("Sec-WebSocket-Protocol", options.subprotocol);
  return request;
}

std::string probe_text(const http::RequestHead& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const http::Header field = request.headers.at(i);
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return text += "\r\n";
}

}  // namespace hawser::upstream
