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
#include "server/inheritance.h"
#include "server/socket_activation.h"

namespace hawser::server {

class SocketBook {
 public:
  // The sockets of one address: opened here, one for each worker; from an older process, as many as it had; from the
  // service manager, one. The path of a unix socket that Hawser made goes with them.
  struct Entry {
    Entry() = default;
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    std::vector<std::shared_ptr<const event::Fd>> sockets;
    SocketAddress address;  // with its real port
    SocketOrigin origin = SocketOrigin::own;
    mutable bool owns_path = false;  // of a unix socket; the newest process of an upgrade has it
  };
  using Entries = std::map<std::string, std::shared_ptr<const Entry>>;

  explicit SocketBook(std::size_t workers) : workers_(workers) {}

  // Sockets of the process before this one, for the listeners with their keys. Paths belong to it until take_paths().
  [[nodiscard]] Status offer(std::vector<InheritedSockets> sockets);
  // Sockets that the service manager opened, for the listeners that match_activated_sockets() finds, now or after any
  // reload: it opens them but once.
  void offer(std::vector<ActivatedSocket> sockets);

  // The entries for `listeners`: known ones as they are, offered ones, new ones opened. Changes nothing; an address
  // that cannot be opened is the error.
  struct Wanted {
    const proxy::ListenerOptions& listener;
    event::ListenOptions options;
  };
  [[nodiscard]] Result<Entries> prepare(const std::vector<Wanted>& listeners) const;
  // Makes prepared entries the current ones, letting go of those that left. The result names what is new.
  std::vector<std::string> commit(Entries entries);
  // Lets go of all sockets, also of those that the service manager opened: this process accepts no more.
  void close_all();
  // Closes what the process before this one offered and no current entry holds.
  void close_untaken_offers();
  // What the service manager opened and no current entry holds: nobody serves who connects there.
  [[nodiscard]] std::vector<SocketPlace> idle_offers() const;

  // Gives sockets that stay the backlog and mode of a new configuration; those of the service manager keep their own.
  static void apply_options(const Entries& entries, const std::vector<Wanted>& listeners);
  // What `worker` accepts on for this snapshot.
  [[nodiscard]] std::vector<proxy::ListenerBinding> bindings(const Entries& entries, const proxy::Snapshot& snapshot,
                                                             std::size_t worker) const;
  [[nodiscard]] const Entries& entries() const noexcept { return entries_; }

  // The other side of an upgrade: what a new process is offered, and which paths are its own from now on.
  [[nodiscard]] std::vector<Bequest::Sockets> bequest() const;
  void leave_paths(const std::vector<std::string>& keys) const;
  void take_paths() const;

  // How an entry is found again: by address, or by name too where the kernel chose the port.
  [[nodiscard]] static std::string key_of(const proxy::ListenerOptions& listener);

 private:
  struct Offer {
    std::string key;   // of the listener that had it in the process before this one; empty: none
    std::string name;  // that the service manager gave it; empty: none
    std::string address;
    std::shared_ptr<const Entry> entry;
  };

  [[nodiscard]] bool is_held(const Offer& offer) const noexcept;
  [[nodiscard]] std::vector<const Wanted*> without_entry(const std::vector<Wanted>& listeners) const;
  // Those whose entries do not stay with one of `listeners`.
  [[nodiscard]] std::vector<const Offer*> free_offers(const std::vector<Wanted>& listeners) const;
  // What those of `listeners` get that have no entry yet, by key: first what they had in the process before this one.
  [[nodiscard]] Entries fitting_offers(const std::vector<Wanted>& listeners) const;
  [[nodiscard]] Result<std::shared_ptr<const Entry>> open(const Wanted& wanted) const;

  std::size_t workers_;
  Entries entries_;
  std::vector<Offer> offers_;
};

}  // namespace hawser::server
