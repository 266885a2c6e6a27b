// The TLS part of compiling an upstream. Main thread.
#pragma once

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

// Sets `upstream.tls`: the predecessor's context, with the sessions that can be resumed, when nothing it was made from
// changed, file contents included; else a new one. `predecessor` may be null.
void compile_upstream_tls(const config::UpstreamTls& tls, const Upstream* predecessor, Upstream& upstream,
                          config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
