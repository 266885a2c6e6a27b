// Compiles a configuration into a snapshot, with every error found. Main thread; reads certificate files and resolves
// names, and changes nothing that is in use.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "config/location.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

// Finds the state of servers, upstreams and listeners again after a reload, also of those that were away for a while
// and still have sessions. Owned by the main thread.
class StateRegistry {
 public:
  [[nodiscard]] std::shared_ptr<upstream::ServerState> server(const std::string& upstream, const std::string& address);
  [[nodiscard]] std::shared_ptr<upstream::GroupState> group(const std::string& name);
  [[nodiscard]] std::shared_ptr<ListenerState> listener(const std::string& name);
  // Drops the entries nobody refers to any more.
  void forget_unused();

 private:
  std::map<std::string, std::weak_ptr<upstream::ServerState>> servers_;
  std::map<std::string, std::weak_ptr<upstream::GroupState>> groups_;
  std::map<std::string, std::weak_ptr<ListenerState>> listeners_;
};

// The snapshot, or null when `diagnostics` got an error. Parts of `predecessor` (may be null) that did not change are
// shared. The access log's file is not opened here: `access.log` stays null.
[[nodiscard]] std::unique_ptr<Snapshot> compile_snapshot(const config::Configuration& configuration,
                                                         const Snapshot* predecessor, StateRegistry& states,
                                                         config::Diagnostics& diagnostics);

}  // namespace hawser::proxy
