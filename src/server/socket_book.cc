#include "server/socket_book.h"

#include <unistd.h>

#include <utility>

namespace hawser::server {

SocketBook::Entry::~Entry() {
  if (const UnixPath* const path = address.unix_path()) ::unlink(path->path.c_str());
}

void SocketBook::apply_options(const Entries& entries, const std::vector<Wanted>& listeners) {
  for (const Wanted& wanted : listeners) {
    for (const auto& socket : entries.at(key_of(wanted.listener))->sockets) {
      event::apply_listen_options(*socket, wanted.listener.address, wanted.options);
    }
  }
}

std::string SocketBook::key_of(const proxy::ListenerOptions& listener) {
  const IpEndpoint* const endpoint = listener.address.ip();
  const bool is_port_chosen = endpoint != nullptr && endpoint->port == 0;
  return listener.address.to_string() + (is_port_chosen ? "#" + listener.name : "");
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
    auto opened = event::open_listening_sockets(wanted.listener.address, wanted.options, workers_);
    if (!opened) return std::unexpected(std::move(opened.error()));
    auto entry = std::make_shared<Entry>();
    entry->address = opened->address;
    for (event::Fd& socket : opened->sockets) {
      entry->sockets.push_back(std::make_shared<const event::Fd>(std::move(socket)));
    }
    prepared[key] = std::move(entry);
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
                                                         std::size_t worker) {
  std::vector<proxy::ListenerBinding> bindings;
  for (const auto& listener : snapshot.listeners) {
    bindings.push_back({listener, entries.at(key_of(*listener))->sockets[worker]});
  }
  return bindings;
}

}  // namespace hawser::server
