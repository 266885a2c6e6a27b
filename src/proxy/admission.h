// Decides what becomes of a request before anything is sent anywhere. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "proxy/snapshot.h"

namespace hawser::proxy {

enum class Service : std::uint8_t { exchange, websocket };

// Either a service, or a status to refuse with.
struct Verdict {
  int refusal_status = 0;  // 0: admitted
  std::vector<std::pair<std::string_view, std::string>> refusal_fields = {};
  std::string_view reason = {};  // of a refusal, for the log
  Service service = Service::exchange;
  std::shared_ptr<const RouteOptions> route = nullptr;
};

// `rank` is how many sessions the listener had when this one came, itself included; `random` jitters Retry-After.
[[nodiscard]] Verdict admit(const Snapshot& snapshot, const ListenerOptions& listener, const http::RequestHead& request,
                            std::uint64_t rank, std::uint64_t random);

}  // namespace hawser::proxy
