#include "server/socket_book.h"

#include <unistd.h>

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

}  // namespace

SocketBook::Entry::~Entry() {
  const UnixPath* const path = address.unix_path();
  if (owns_path && path != nullptr) ::unlink(path->path.c_str());
}

Status SocketBook::offer(std::vector<InheritedSockets> sockets) {
  for (InheritedSockets& offered : sockets) {
    auto entry = entry_of(std::move(offered.sockets), offered.origin);
    if (!entry) return std::unexpected(std::move(entry.error()));
    offers_[offered.key] = std::move(*entry);
  }
  return {};
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

Result<std::shared_ptr<const Entry>> SocketBook::open(const Wanted& wanted) const {
  if (const auto offered = offers_.find(key_of(wanted.listener)); offered != offers_.end()) return offered->second;
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
  for (const auto& [key, entry] : entries_) {
    bequest.push_back({key, entry->origin, {}});
    for (const auto& socket : entry->sockets) bequest.back().descriptors.push_back(socket->get());
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
