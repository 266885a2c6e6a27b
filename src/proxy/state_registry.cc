#include "proxy/state_registry.h"

#include "base/secure_random.h"

namespace hawser::proxy {

namespace {

template <class State, class... Arguments>
std::shared_ptr<State> find_or_make(std::map<std::string, std::weak_ptr<State>>& states, const std::string& key,
                                    Arguments... arguments) {
  std::weak_ptr<State>& known = states[key];
  std::shared_ptr<State> state = known.lock();
  if (!state) {
    state = std::make_shared<State>(std::move(arguments)...);
    known = state;
  }
  return state;
}

}  // namespace

std::shared_ptr<upstream::ServerState> StateRegistry::server(const std::string& upstream, const std::string& address,
                                                             const std::string& tls_name) {
  return find_or_make(servers_, upstream + '\n' + address + '\n' + tls_name);
}

std::shared_ptr<upstream::UpstreamState> StateRegistry::upstream(const std::string& name) {
  return find_or_make(upstreams_, name);
}

std::shared_ptr<upstream::GroupState> StateRegistry::group(const std::string& upstream, std::size_t tier) {
  return find_or_make(groups_, upstream + '\n' + std::to_string(tier), this->upstream(upstream));
}

std::shared_ptr<ListenerState> StateRegistry::listener(const std::string& name) {
  return find_or_make(listeners_, name);
}

void StateRegistry::inherit_ticket_keys(const std::string& listener, const tls::TicketKeys& keys) {
  ticket_keys_.insert_or_assign(listener, keys);
}

std::optional<tls::TicketKeys> StateRegistry::inherited_ticket_keys(const std::string& listener) const {
  const auto found = ticket_keys_.find(listener);
  return found != ticket_keys_.end() ? std::optional(found->second) : std::nullopt;
}

std::shared_ptr<limits::RateLimiter> StateRegistry::rate_limiter(const std::string& name) {
  return find_or_make(rate_limiters_, name, random_u64());
}

void StateRegistry::forget_unused() {
  const auto is_unused = [](const auto& entry) { return entry.second.expired(); };
  std::erase_if(servers_, is_unused);
  std::erase_if(groups_, is_unused);
  std::erase_if(upstreams_, is_unused);
  std::erase_if(listeners_, is_unused);
  std::erase_if(rate_limiters_, is_unused);
}

}  // namespace hawser::proxy
