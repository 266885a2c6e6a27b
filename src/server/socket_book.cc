#include "server/socket_book.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::server {

namespace {

using Entry = SocketBook::Entry;

Result<std::shared_ptr<Entry>> entry_of(std::vector<event::Fd> sockets, SocketOrigin origin) {
  auto address = event::listening_address(sockets.front());
  if (!address) return std::unexpected(std::move(address.error()));
  auto entry = std::make_shared<Entry>();
  entry->address = std::move(*address);
  entry->origin = origin;
  for (event::Fd& socket : sockets) entry->sockets.push_back(std::make_shared<const event::Fd>(std::move(socket)));
  return entry;
}

std::vector<SocketPlace> places_of(const std::vector<const SocketBook::Wanted*>& listeners) {
  std::vector<SocketPlace> places;
  for (const auto* each : listeners) places.push_back({each->listener.name, each->listener.address});
  return places;
}

}  // namespace

SocketBook::Entry::~Entry() {
  const UnixPath* const path = address.unix_path();
  if (owns_path && path != nullptr) ::unlink(path->path.c_str());
}

Status SocketBook::offer(std::vector<InheritedSockets> sockets) {
  for (InheritedSockets& offered : sockets) {
    auto entry = entry_of(std::move(offered.sockets), offered.origin);
    if (!entry) return std::unexpected(std::move(entry.error()));
    std::string address = (*entry)->address.to_string();
    offers_.push_back({std::move(offered.key), "", std::move(address), std::move(*entry)});
  }
  return {};
}

void SocketBook::offer(std::vector<ActivatedSocket> sockets) {
  for (ActivatedSocket& activated : sockets) {
    auto entry = std::make_shared<Entry>();
    entry->address = std::move(activated.address);
    entry->origin = SocketOrigin::activated;
    entry->sockets.push_back(std::make_shared<const event::Fd>(std::move(activated.socket)));
    std::string address = entry->address.to_string();
    offers_.push_back({"", std::move(activated.name), std::move(address), std::move(entry)});
  }
}

void SocketBook::apply_options(const Entries& entries, const std::vector<Wanted>& listeners) {
  for (const Wanted& wanted : listeners) {
    const Entry& entry = *entries.at(key_of(wanted.listener));
    if (entry.origin == SocketOrigin::activated) continue;
    for (const auto& socket : entry.sockets) {
      event::apply_listen_options(*socket, wanted.listener.address, wanted.options);
    }
  }
}

std::string SocketBook::key_of(const proxy::ListenerOptions& listener) {
  const IpEndpoint* const endpoint = listener.address.ip();
  const bool is_port_chosen = endpoint != nullptr && endpoint->port == 0;
  return listener.address.to_string() + (is_port_chosen ? "#" + listener.name : "");
}

bool SocketBook::is_held(const Offer& offer) const noexcept {
  return std::ranges::any_of(entries_, [&offer](const auto& entry) { return entry.second == offer.entry; });
}

std::vector<const SocketBook::Wanted*> SocketBook::without_entry(const std::vector<Wanted>& listeners) const {
  std::vector<const Wanted*> wanting;
  for (const Wanted& wanted : listeners) {
    if (!entries_.contains(key_of(wanted.listener))) wanting.push_back(&wanted);
  }
  return wanting;
}

std::vector<const SocketBook::Offer*> SocketBook::free_offers(const std::vector<Wanted>& listeners) const {
  std::set<const Entry*> staying;
  for (const Wanted& wanted : listeners) {
    const auto known = entries_.find(key_of(wanted.listener));
    if (known != entries_.end()) staying.insert(known->second.get());
  }
  std::vector<const Offer*> free;
  for (const Offer& offer : offers_) {
    if (!staying.contains(offer.entry.get())) free.push_back(&offer);
  }
  return free;
}

SocketBook::Entries SocketBook::fitting_offers(const std::vector<Wanted>& listeners) const {
  Entries fitting;
  std::vector<const Wanted*> wanting = without_entry(listeners);
  std::vector<SocketPlace> sockets;
  std::vector<const Offer*> rest;
  for (const Offer* const offer : free_offers(listeners)) {
    const auto had_it =
        std::ranges::find(wanting, offer->key, [](const Wanted* each) { return key_of(each->listener); });
    if (had_it == wanting.end()) {
      rest.push_back(offer);
      sockets.push_back({offer->name, offer->entry->address});
    } else {
      fitting[offer->key] = offer->entry;
      wanting.erase(had_it);
    }
  }
  const auto matches = match_activated_sockets(sockets, places_of(wanting));
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (matches[i]) fitting[key_of(wanting[*matches[i]]->listener)] = rest[i]->entry;
  }
  return fitting;
}

Result<std::shared_ptr<const Entry>> SocketBook::open(const Wanted& wanted) const {
  auto opened = event::open_listening_sockets(wanted.listener.address, wanted.options, workers_);
  if (!opened) return std::unexpected(std::move(opened.error()));
  auto entry = std::make_shared<Entry>();
  entry->address = opened->address;
  entry->owns_path = true;
  for (event::Fd& socket : opened->sockets) {
    entry->sockets.push_back(std::make_shared<const event::Fd>(std::move(socket)));
  }
  return entry;
}

Result<SocketBook::Entries> SocketBook::prepare(const std::vector<Wanted>& listeners) const {
  Entries prepared;
  const Entries offers = fitting_offers(listeners);
  for (const Wanted& wanted : listeners) {
    const std::string key = key_of(wanted.listener);
    if (const auto known = entries_.find(key); known != entries_.end()) {
      prepared[key] = known->second;
      continue;
    }
    if (prepared.contains(key)) {
      return failure(ErrorCode::address_in_use,
                     "two listeners have the address " + wanted.listener.address.to_string());
    }
    if (const auto offered = offers.find(key); offered != offers.end()) {
      prepared[key] = offered->second;
      continue;
    }
    auto opened = open(wanted);
    if (!opened) return std::unexpected(std::move(opened.error()));
    prepared[key] = std::move(*opened);
  }
  return prepared;
}

std::vector<std::string> SocketBook::commit(Entries entries) {
  std::vector<std::string> added;
  for (const auto& [key, entry] : entries) {
    if (!entries_.contains(key)) added.push_back(key);
  }
  entries_ = std::move(entries);
  return added;
}

void SocketBook::close_all() {
  entries_.clear();
  offers_.clear();
}

void SocketBook::close_untaken_offers() {
  std::erase_if(offers_, [](const Offer& offer) { return offer.entry->origin == SocketOrigin::own; });
}

std::vector<SocketPlace> SocketBook::idle_offers() const {
  std::vector<SocketPlace> idle;
  for (const Offer& offer : offers_) {
    if (!is_held(offer)) idle.push_back({offer.name, offer.entry->address});
  }
  return idle;
}

std::vector<proxy::ListenerBinding> SocketBook::bindings(const Entries& entries, const proxy::Snapshot& snapshot,
                                                         std::size_t worker) const {
  std::vector<proxy::ListenerBinding> bindings;
  for (const auto& listener : snapshot.listeners) {
    const auto& sockets = entries.at(key_of(*listener))->sockets;
    // More workers than sockets share them; of more sockets than workers each is somebody's, or its queue would starve.
    std::size_t next = worker % sockets.size();
    do {
      bindings.push_back({listener, sockets[next]});
      next += workers_;
    } while (next < sockets.size());
  }
  return bindings;
}

std::vector<Bequest::Sockets> SocketBook::bequest() const {
  std::vector<Bequest::Sockets> bequest;
  const auto add = [&bequest](std::string_view key, const Entry& entry) {
    bequest.push_back({key, entry.origin, {}});
    for (const auto& socket : entry.sockets) bequest.back().descriptors.push_back(socket->get());
  };
  for (const auto& [key, entry] : entries_) add(key, *entry);
  for (const Offer& offer : offers_) {
    if (!is_held(offer)) add(offer.address, *offer.entry);
  }
  return bequest;
}

void SocketBook::leave_paths(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    if (const auto found = entries_.find(key); found != entries_.end()) found->second->owns_path = false;
  }
}

void SocketBook::take_paths() const {
  for (const auto& [key, entry] : entries_) entry->owns_path = entry->origin == SocketOrigin::own;
}

}  // namespace hawser::server
