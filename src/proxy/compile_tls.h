// The TLS part of compiling a snapshot. Main thread.
#pragma once

#include <optional>

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

// Sets `options.tls`: the predecessor's context of the listener of that name when nothing it was made from changed,
// file contents included; else a new one that keeps the predecessor's ticket keys, or those of `inherited` without one.
void compile_listener_tls(const config::ListenerTls& tls, const config::Location& where, const Snapshot* predecessor,
                          std::optional<tls::TicketKeys> inherited, ListenerOptions& options,
                          config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
