#include "upstream/discovery.h"

#include <algorithm>
#include <utility>

#include "config/server_list.h"
#include "event/delay.h"
#include "event/resolver.h"
#include "upstream/discoverer.h"

namespace hawser::upstream {

// Gives a Discoverer the time of a loop.
struct Discovery::Parts final : event::DelayObserver, event::TimerObserver {
  Parts(event::Loop& on, log::Logger* logger, Rng rng, std::shared_ptr<KnownNames> known)
      : loop(on),
        discoverer({.clock = loop,
                    .make_resolver = [this](const auto& options) { return event::Resolver::create(loop, options); },
                    .read_servers = config::read_server_list,
                    .read_system = [] { return event::Resolver::read_system(); },
                    .wake = [this] { wake(); },
                    .logger = logger,
                    .rng = rng},
                   std::move(known)) {}
  virtual ~Parts() = default;

  void wake() {
    if (!soon.is_armed()) loop.arm(soon, Duration::zero());
  }

  void advance() {
    discoverer.advance();
    later.disarm();
    const auto next = discoverer.next_due();
    if (next) loop.arm(later, std::max(Duration::zero(), *next - loop.now()));
  }

  void on_delay(event::Delay&) override { advance(); }
  void on_timer(event::Timer&) override { advance(); }

  event::Loop& loop;
  event::Delay soon{*this};
  event::Timer later{*this};
  Discoverer discoverer;
};

Discovery::Discovery(event::Loop& loop, log::Logger* logger, Rng rng, std::shared_ptr<KnownNames> known)
    : parts_(std::make_unique<Parts>(loop, logger, rng, known ? std::move(known) : std::make_shared<KnownNames>())) {}

Discovery::~Discovery() = default;

void Discovery::prepare(const config::Configuration& configuration, Duration at_most,
                        std::move_only_function<void()> done) {
  parts_->discoverer.prepare(configuration, at_most, std::move(done));
}

Members Discovery::members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const {
  return parts_->discoverer.members_of(upstream, diagnostics);
}

void Discovery::watch(const config::Configuration& configuration, OnChange on_change) {
  parts_->discoverer.watch(configuration, std::move(on_change));
}

std::shared_ptr<KnownNames> Discovery::known() const noexcept { return parts_->discoverer.known(); }

Result<std::shared_ptr<KnownNames>> discover_now(const config::Configuration& configuration, Duration at_most) {
  auto loop = event::Loop::create();
  if (!loop) return std::unexpected(std::move(loop.error()));
  // Nothing is asked twice in here, so there is nothing to spread.
  Discovery discovery(**loop, nullptr, Rng(0), nullptr);
  bool is_prepared = false;
  discovery.prepare(configuration, at_most, [&] {
    is_prepared = true;
    (*loop)->stop();
  });
  if (!is_prepared) (*loop)->run();
  return discovery.known();
}

}  // namespace hawser::upstream
