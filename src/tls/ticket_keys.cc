#include "tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "tls/openssl_error.h"

namespace hawser::tls {

Result<TicketKeys> TicketKeys::make() {
  TicketKeys keys;
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(keys.bytes_.data()), kSize) != 1) {
    return openssl_refusal("ticket keys");
  }
  return keys;
}

std::optional<TicketKeys> TicketKeys::from_bytes(std::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  TicketKeys keys;
  std::copy(bytes.begin(), bytes.end(), keys.bytes_.begin());
  return keys;
}

TicketKeys::~TicketKeys() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace hawser::tls
