// Listening sockets that a service manager opened for us (sd_listen_fds(3)): connections wait in them before we start
// and while we restart. Main thread, once at the start.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "event/fd.h"
#include "server/service_environment.h"

namespace hawser::server {

struct ActivatedSocket {
  event::Fd socket;
  SocketAddress address;
  std::string name;  // FileDescriptorName=; several sockets may share one; empty when none was given
};

// Where the protocol's descriptors begin.
inline constexpr int kFirstActivatedDescriptor = 3;

// Takes the descriptors over. None when LISTEN_PID names another process. The error names the descriptor and what to
// change in the socket unit, or the variable that cannot be read.
[[nodiscard]] Result<std::vector<ActivatedSocket>> take_activated_sockets(const ServiceEnvironment& environment,
                                                                          int first = kFirstActivatedDescriptor);

// How a socket and a listener find each other.
struct SocketPlace {
  std::string_view name;  // empty: none
  const SocketAddress& address;
};

// For each of `sockets` the index in `listeners` of the one that it belongs to: the one with its name; of several
// sockets with that name the one with its address, else the first; else the listener with its address. No listener gets
// two sockets. Nothing for a socket that belongs to none.
[[nodiscard]] std::vector<std::optional<std::size_t>> match_activated_sockets(
    const std::vector<SocketPlace>& sockets, const std::vector<SocketPlace>& listeners);

}  // namespace hawser::server
