// The version of OpenSSL that runs, for -V.
#pragma once

#include <string_view>

namespace hawser::tls {

[[nodiscard]] std::string_view openssl_version() noexcept;

}  // namespace hawser::tls
