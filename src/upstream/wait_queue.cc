#include "upstream/wait_queue.h"

#include <algorithm>
#include <utility>

namespace hawser::upstream {

std::optional<WaitQueue::Ticket> WaitQueue::join(std::uint64_t limit, Grant grant) {
  return line_.with([&](Line& line) -> std::optional<Ticket> {
    if (line.waiters.size() >= limit) return std::nullopt;
    const Ticket ticket = ++line.last_ticket;
    line.waiters.push_back({ticket, std::move(grant)});
    waiting_.fetch_add(1, std::memory_order_seq_cst);
    return ticket;
  });
}

bool WaitQueue::leave(Ticket ticket) {
  Grant unused;  // gone only after the lock
  return line_.with([&](Line& line) {
    const auto found = std::ranges::lower_bound(line.waiters, ticket, {}, &Waiter::ticket);
    if (found == line.waiters.end() || found->ticket != ticket) return false;
    unused = std::move(found->grant);
    line.waiters.erase(found);
    waiting_.fetch_sub(1, std::memory_order_seq_cst);
    return true;
  });
}

WaitQueue::Grant WaitQueue::take_oldest() {
  return line_.with([&](Line& line) {
    if (line.waiters.empty()) return Grant();
    Grant oldest = std::move(line.waiters.front().grant);
    line.waiters.pop_front();
    waiting_.fetch_sub(1, std::memory_order_seq_cst);
    return oldest;
  });
}

}  // namespace hawser::upstream
