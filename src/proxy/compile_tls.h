// The TLS part of compiling a snapshot. Main thread.
#pragma once

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

// Sets `options.tls`: the predecessor's context of the listener of that name when nothing it was made from changed,
// file contents included; else a new one that keeps the predecessor's ticket keys.
void compile_listener_tls(const config::ListenerTls& tls, const config::Location& where, const Snapshot* predecessor,
                          ListenerOptions& options, config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
