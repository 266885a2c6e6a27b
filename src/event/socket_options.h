// What every TCP connection of Hawser gets, towards clients and towards servers. Any thread.
#pragma once

namespace hawser::event {

// No Nagle delay; keep-alive probes after a minute of silence, at the system's interval; a peer that acknowledges
// nothing for five minutes is gone: TCP_USER_TIMEOUT decides, in the place of a number of probes. The last is long on
// purpose: the kernel applies it to a live reader whose window is zero as well. Set on a listening socket it is
// inherited by all it accepts. A socket that refuses an option works without it.
void set_connection_options(int socket) noexcept;

}  // namespace hawser::event
