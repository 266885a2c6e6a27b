#include "proxy/connection_pool.h"

#include <utility>

#include "event/retired_stream.h"
#include "proxy/prewarmer.h"

namespace hawser::proxy {

// The connections of one server.
struct ConnectionPool::Shelf {
  Shelf(PoolParts& parts, PoolTarget first) noexcept
      : target(std::move(first)), prewarmer(parts, target), resting(parts, target) {}

  PoolTarget target;
  Prewarmer prewarmer;
  RestingConnections resting;
};

ConnectionPool::ConnectionPool(event::Loop& loop, const Clock& clock, tls::TlsScratch& scratch, Rng rng)
    : parts_{loop, clock, scratch, rng} {}

ConnectionPool::~ConnectionPool() = default;

void ConnectionPool::adopt(std::vector<PoolTarget> targets) {
  auto before = std::exchange(shelves_, {});
  for (PoolTarget& target : targets) {
    const upstream::ServerState* const key = target.state.get();
    if ((target.idle == 0 && target.prewarm == 0) || shelves_.contains(key)) continue;
    const auto known = before.find(key);
    std::unique_ptr<Shelf>& shelf = shelves_[key];
    if (known != before.end() && known->second->target.connect == target.connect) {
      shelf = std::move(known->second);
      shelf->target = std::move(target);
    } else {
      shelf = std::make_unique<Shelf>(parts_, std::move(target));
    }
    shelf->prewarmer.follow_target();
    shelf->resting.follow_target();
  }
}

void ConnectionPool::give(const upstream::ServerState& state, const upstream::ConnectTarget& used,
                          std::unique_ptr<event::ByteStream> stream, std::optional<Duration> at_most) {
  const auto found = shelves_.find(&state);
  const bool is_wanted = found != shelves_.end() && found->second->target.connect == used;
  if (!is_wanted || stream->is_closed() || stream->pending_bytes() > 0) {
    return event::retire(parts_.loop, std::move(stream));
  }
  found->second->resting.add(std::move(stream), at_most);
}

Pooled ConnectionPool::take(const upstream::ServerState& state, Freshness freshness, TakeFirst first) {
  const auto found = shelves_.find(&state);
  if (found == shelves_.end()) return {};
  Shelf& shelf = *found->second;
  if (first == TakeFirst::unused) {
    if (auto unused = shelf.prewarmer.take()) return {std::move(unused), PastUse::unused};
  }
  if (auto used = shelf.resting.take(freshness)) return {std::move(used), PastUse::used};
  // An unused one may have waited for long, too.
  if (freshness == Freshness::recent) return {};
  return {shelf.prewarmer.take(), PastUse::unused};
}

}  // namespace hawser::proxy
