#include "upstream/probe_script.h"

#include <utility>

#include "upstream/probe_http.h"
#include "upstream/probe_websocket.h"

namespace hawser::upstream {

namespace {

// A connection is all that is asked for.
class TcpProbe final : public ProbeScript {
 public:
  [[nodiscard]] ProbeStep start() override { return {.verdict = Status{}}; }
  [[nodiscard]] ProbeStep feed(std::span<const std::byte> /*bytes*/) override { return {}; }
  [[nodiscard]] ProbeStep end(event::StreamEnd end) override { return ended_step(end, awaited()); }
  [[nodiscard]] std::string_view awaited() const noexcept override { return "the connection"; }
};

}  // namespace

std::unique_ptr<ProbeScript> make_probe_script(std::shared_ptr<const config::HealthCheck> options,
                                               std::string_view server) {
  switch (options->type) {
    case config::HealthCheckType::tcp:
      break;
    case config::HealthCheckType::http:
      return std::make_unique<HttpProbe>(std::move(options), server);
    case config::HealthCheckType::websocket:
      return std::make_unique<WebsocketProbe>(std::move(options), server);
  }
  return std::make_unique<TcpProbe>();
}

ProbeStep failed_step(std::string reason, Parting parting) {
  return {.verdict = failure(ErrorCode::malformed, std::move(reason), Side::server), .parting = parting};
}

ProbeStep ended_step(event::StreamEnd end, std::string_view awaited) {
  const std::string_view how =
      end == event::StreamEnd::reset ? "the connection was reset before " : "the server closed the connection before ";
  return {.verdict = failure(ErrorCode::reset, std::string(how).append(awaited), Side::server)};
}

}  // namespace hawser::upstream
