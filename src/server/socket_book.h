// The listening sockets of the process, each kept for as long as its address stays in the configuration. Main thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/location.h"
#include "event/fd.h"
#include "event/listening_socket.h"
#include "proxy/listener_set.h"
#include "proxy/snapshot.h"

namespace hawser::server {

class SocketBook {
 public:
  // One set of sockets, one for each worker. The path of a unix socket goes with it.
  struct Entry {
    Entry() = default;
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    std::vector<std::shared_ptr<const event::Fd>> sockets;
    SocketAddress address;  // with its real port
  };
  using Entries = std::map<std::string, std::shared_ptr<const Entry>>;

  explicit SocketBook(std::size_t workers) : workers_(workers) {}

  // The entries for `listeners`: known ones as they are, new ones opened. Changes nothing; an address that cannot be
  // opened is the error.
  struct Wanted {
    const proxy::ListenerOptions& listener;
    event::ListenOptions options;
  };
  [[nodiscard]] Result<Entries> prepare(const std::vector<Wanted>& listeners) const;
  // Makes prepared entries the current ones, letting go of those that left. The result names what is new.
  std::vector<std::string> commit(Entries entries);

  // Gives sockets that stay the backlog and mode of a new configuration.
  static void apply_options(const Entries& entries, const std::vector<Wanted>& listeners);
  // What `worker` accepts on for this snapshot.
  [[nodiscard]] static std::vector<proxy::ListenerBinding> bindings(const Entries& entries,
                                                                    const proxy::Snapshot& snapshot,
                                                                    std::size_t worker);
  [[nodiscard]] const Entries& entries() const noexcept { return entries_; }

  // How an entry is found again: by address, or by name too where the kernel chose the port.
  [[nodiscard]] static std::string key_of(const proxy::ListenerOptions& listener);

 private:
  std::size_t workers_;
  Entries entries_;
};

}  // namespace hawser::server
