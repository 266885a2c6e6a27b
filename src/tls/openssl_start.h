// Makes OpenSSL ready at the start of the process. Called once, by the main thread, before there are others.
#pragma once

namespace hawser::tls {

// Reads openssl.cnf and loads the algorithms that every upgrade needs, which else the first session of a worker would
// wait for.
void initialize_openssl() noexcept;

}  // namespace hawser::tls
