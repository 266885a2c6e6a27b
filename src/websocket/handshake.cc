#include "websocket/handshake.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

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

// The names of the extensions that all fields of the list together give, in lower case.
std::vector<std::string> extension_names(const http::HeaderList& headers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const http::Header field = headers.at(i);
    if (!equals_ignoring_case(field.name, kExtensionsField)) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view extension = rest.substr(0, comma);
      const std::string_view name = trim(extension.substr(0, extension.find(';')));
      if (!name.empty()) names.push_back(lowercase(name));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return names;
}

// Whether each extension of the answer was offered, by name; parameters are the peers' affair.
bool are_extensions_offered(const http::RequestHead& request, const http::ResponseHead& response) {
  const auto answered = extension_names(response.headers);
  if (answered.empty()) return true;
  const auto offered = extension_names(request.headers);
  return std::all_of(answered.begin(), answered.end(), [&offered](const std::string& name) {
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  });
}

}  // namespace

RequestVerdict check_upgrade_request(const http::RequestHead& request) {
  const auto version = request.headers.find("Sec-WebSocket-Version");
  if (!version || trim(*version) != "13") return RequestVerdict::wrong_version;
  const auto key = request.headers.find_only(kKeyField);
  if (!key) return RequestVerdict::bad_key;
  const auto decoded = tls::base64_decode(trim(*key));
  return decoded && decoded->size() == kKeyBytes ? RequestVerdict::fine : RequestVerdict::bad_key;
}

std::string accept_key(std::string_view key) {
  key = trim(key);
  std::string text;
  text.reserve(key.size() + kGuid.size());
  text.append(key).append(kGuid);
  return tls::base64_encode(tls::sha1(std::as_bytes(std::span(text))));
}

Status check_upgrade_response(const http::RequestHead& request, const http::ResponseHead& response) {
  if (!response.headers.has_token("Upgrade", "websocket")) return refuse("101 without Upgrade: websocket");
  if (!response.headers.has_token("Connection", "upgrade")) return refuse("101 without Connection: Upgrade");
  const auto accept = response.headers.find_only("Sec-WebSocket-Accept");
  if (!accept) return refuse("101 needs exactly one Sec-WebSocket-Accept");
  const auto key = request.headers.find(kKeyField);
  if (!key || trim(*accept) != accept_key(*key)) return refuse("101 with a wrong Sec-WebSocket-Accept");
  const auto protocol = response.headers.find(kProtocolField);
  if (protocol &&
      (response.headers.count(kProtocolField) != 1 || !request.headers.has_token(kProtocolField, trim(*protocol)))) {
    return refuse("101 with a subprotocol that the client did not offer");
  }
  if (!are_extensions_offered(request, response)) {
    return refuse("101 with an extension that the client did not offer");
  }
  return {};
}

}  // namespace hawser::websocket
