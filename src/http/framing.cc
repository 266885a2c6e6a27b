#include "http/framing.h"

#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/number.h"
#include "http/character_class.h"

namespace hawser::http {

namespace {

constexpr std::string_view kContentLength = "Content-Length";
constexpr std::string_view kTransferEncoding = "Transfer-Encoding";

Verdict<BodyFraming> transfer_coding(const HeaderList& headers, Version version) {
  if (version == Version::http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
  if (headers.find(kContentLength)) return refuse(400, "more than one body length");
  if (headers.count(kTransferEncoding) != 1) return refuse(400, "Transfer-Encoding other than one chunked");
  const auto coding = *headers.find(kTransferEncoding);
  if (equals_ignoring_case(coding, "chunked")) return BodyFraming{.kind = BodyKind::chunked};
  if (!is_token(coding)) return refuse(400, "Transfer-Encoding other than one chunked");
  return refuse(501, "unknown transfer coding");
}

Verdict<BodyFraming> content_length(const HeaderList& headers) {
  if (headers.count(kContentLength) != 1) return refuse(400, "more than one body length");
  const auto length = parse_number<std::uint64_t>(*headers.find(kContentLength));
  if (!length || *length > std::numeric_limits<std::int64_t>::max()) return refuse(400, "malformed Content-Length");
  return BodyFraming{.kind = BodyKind::length, .length = *length};
}

// What the fields say; nothing when there is none of them.
Verdict<std::optional<BodyFraming>> declared_framing(const HeaderList& headers, Version version) {
  if (headers.find(kTransferEncoding)) return transfer_coding(headers, version);
  if (headers.find(kContentLength)) return content_length(headers);
  return std::nullopt;
}

}  // namespace

Verdict<BodyFraming> request_framing(const HeaderList& headers, Version version) {
  const auto declared = declared_framing(headers, version);
  if (!declared) return std::unexpected(declared.error());
  return declared->value_or(BodyFraming{});
}

Verdict<BodyFraming> response_framing(const HeaderList& headers, Version version, int status, ResponseTo request) {
  const auto declared = declared_framing(headers, version);
  if (!declared) return std::unexpected(declared.error());
  if (status == 101 && *declared) return refuse(502, "101 with a body length");
  const bool is_bodiless = status < 200 || status == 204 || status == 304 || request == ResponseTo::head_request;
  if (is_bodiless) return BodyFraming{};
  return declared->value_or(BodyFraming{.kind = BodyKind::until_close});
}

bool wants_keep_alive(const HeaderList& headers, Version version) {
  if (headers.has_token("Connection", "close")) return false;
  return version == Version::http_1_1 || headers.has_token("Connection", "keep-alive");
}

}  // namespace hawser::http
