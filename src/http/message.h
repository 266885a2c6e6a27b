// The heads of HTTP/1 messages after they were parsed and found sound. Values; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "http/header_list.h"

namespace hawser::http {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

// How the body of a message is delimited (RFC 9112, section 6).
enum class BodyKind : std::uint8_t {
  none,
  length,  // Content-Length
  chunked,
  until_close,  // responses only
};

struct BodyFraming {
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;  // when kind is length

  // Whether bytes may follow the head.
  [[nodiscard]] bool has_bytes() const noexcept {
    return kind != BodyKind::none && (kind != BodyKind::length || length > 0);
  }
};

struct RequestHead {
  std::string method;
  std::string target;  // origin-form or *, as received (an absolute-form target without its scheme and authority)
  std::string path;    // what it means up to '?': decoded, dot segments and repeated slashes resolved
  std::string query;   // behind '?'
  std::string host;    // the Host field, or the authority of an absolute-form target; with port, lower case
  Version version = Version::http_1_1;
  BodyFraming body;
  bool keep_alive = true;                // whether the client lets the connection be used again
  bool expects_continue = false;         // Expect: 100-continue, and nothing else
  bool has_unknown_expectation = false;  // Expect says anything else, or is repeated: 417
  bool is_websocket_upgrade =
      false;  // GET, HTTP/1.1, Connection: upgrade, Upgrade: websocket; key and version unchecked
  HeaderList headers;
};

struct ResponseHead {
  int status = 0;  // 100 to 599
  std::string reason;
  Version version = Version::http_1_1;
  BodyFraming body;
  bool keep_alive = true;
  HeaderList headers;
};

}  // namespace hawser::http
