#include "websocket/handshake.h"

#include <span>

#include "base/ascii.h"
#include "tls/digest.h"

namespace hawser::websocket {

namespace {

constexpr std::string_view kKeyField = "Sec-WebSocket-Key";
constexpr std::string_view kProtocolField = "Sec-WebSocket-Protocol";
constexpr std::string_view kExtensionsField = "Sec-WebSocket-Extensions";
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;

std::unexpected<Error> refuse(std::string message) {
  return failure(ErrorCode::malformed, std::move(message), Side::server);
}

// Whether each extension of the answer was offered, by name; parameters are the peers' affair.
bool are_extensions_offered(const http::RequestHead& request, std::string_view answered) {
  while (!answered.empty()) {
    const std::size_t comma = std::min(answered.find(','), answered.size());
    const std::string_view extension = answered.substr(0, comma);
    const std::string_view name = trim(extension.substr(0, extension.find(';')));
    answered.remove_prefix(std::min(comma + 1, answered.size()));
    if (name.empty()) continue;
    bool is_offered = false;
    for (std::size_t i = 0; i < request.headers.size() && !is_offered; ++i) {
      const http::Header field = request.headers.at(i);
      if (!equals_ignoring_case(field.name, kExtensionsField)) continue;
      is_offered = lowercase(field.value).find(lowercase(name)) != std::string::npos;
    }
    if (!is_offered) return false;
  }
  return true;
}

}  // namespace

RequestVerdict check_upgrade_request(const http::RequestHead& request) {
  const auto version = request.headers.find("Sec-WebSocket-Version");
  if (!version || trim(*version) != "13") return RequestVerdict::wrong_version;
  const auto key = request.headers.find(kKeyField);
  if (!key || request.headers.count(kKeyField) != 1) return RequestVerdict::bad_key;
  const auto decoded = tls::base64_decode(trim(*key));
  return decoded && decoded->size() == kKeyBytes ? RequestVerdict::fine : RequestVerdict::bad_key;
}

std::string accept_key(std::string_view key) {
  std::string text(trim(key));
  text += kGuid;
  return tls::base64_encode(tls::sha1(std::as_bytes(std::span(text))));
}

Status check_upgrade_response(const http::RequestHead& request, const http::ResponseHead& response) {
  if (!response.headers.has_token("Upgrade", "websocket")) return refuse("101 without Upgrade: websocket");
  if (!response.headers.has_token("Connection", "upgrade")) return refuse("101 without Connection: Upgrade");
  const auto accept = response.headers.find("Sec-WebSocket-Accept");
  if (!accept || response.headers.count("Sec-WebSocket-Accept") != 1) {
    return refuse("101 needs exactly one Sec-WebSocket-Accept");
  }
  const auto key = request.headers.find(kKeyField);
  if (!key || trim(*accept) != accept_key(*key)) return refuse("101 with a wrong Sec-WebSocket-Accept");
  const auto protocol = response.headers.find(kProtocolField);
  if (protocol &&
      (response.headers.count(kProtocolField) != 1 || !request.headers.has_token(kProtocolField, trim(*protocol)))) {
    return refuse("101 with a subprotocol that the client did not offer");
  }
  const auto extensions = response.headers.find(kExtensionsField);
  if (extensions && !are_extensions_offered(request, *extensions)) {
    return refuse("101 with an extension that the client did not offer");
  }
  return {};
}

}  // namespace hawser::websocket
