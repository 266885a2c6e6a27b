// Tells a server's breaker how a session began and logs what follows from it. Any worker thread.
#pragma once

#include <string_view>

#include "proxy/worker_context.h"
#include "upstream/server_lease.h"

namespace hawser::proxy {

// Does nothing for a lease that is not held or was judged before.
void judge(WorkerContext& worker, upstream::ServerLease& lease, upstream::Outcome outcome);

}  // namespace hawser::proxy
