// Finds the members of upstreams whose servers are names, service records or a watched file, and goes on looking. What
// was found last holds until something else is: a failing DNS takes no server away. Owned by the main thread, which
// runs it; never blocks but to read a small file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/rng.h"
#include "config/config.h"
#include "config/location.h"
#include "event/loop.h"
#include "log/logger.h"
#include "upstream/member.h"

namespace hawser::upstream {

// Answers and file contents by what was asked, each with when it was got.
class KnownNames;

class Discovery {
 public:
  using OnChange = std::function<void(const std::string& upstream)>;

  // `logger` may be null: nothing is logged then. `known` may be null.
  Discovery(event::Loop& loop, log::Logger* logger, Rng rng, std::shared_ptr<KnownNames> known);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // Finds out what is not known yet of the names and files in `configuration`, all at a time and for `at_most` at most;
  // then calls `done`, from the loop or, when nothing had to be waited for, from inside. One at a time. Names that fail
  // for the watched configuration are asked again at once, but nobody waits for them unless the nameservers are others.
  // This and watch() notice a resolv.conf that changed: the system's nameservers and search domains are as it says
  // then.
  void prepare(const config::Configuration& configuration, Duration at_most, std::move_only_function<void()> done);

  // The members of an upstream as far as they are known. A name without an answer yet is one member that is not
  // resolved, with a warning; a file that cannot be read and was never read is an error, and so are servers in
  // it that the upstream may not have. Where the upstream is watched with the same `discover`, servers found before
  // stay instead, with a warning, until new names were tried and one of them has an address.
  [[nodiscard]] Members members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const;

  // From now on the names and files of this configuration are kept fresh, by their TTL within resolve.min and
  // resolve.max, and `on_change` hears of each upstream whose members became others. Those that it does not name are
  // forgotten.
  void watch(const config::Configuration& configuration, OnChange on_change);

  [[nodiscard]] std::shared_ptr<KnownNames> known() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The same before the process has its loop, for the start and for -t: blocks for `at_most` at most.
[[nodiscard]] Result<std::shared_ptr<KnownNames>> discover_now(const config::Configuration& configuration,
                                                               Duration at_most);

}  // namespace hawser::upstream
