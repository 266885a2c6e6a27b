// What one health check says to a server and expects to hear: bytes in, bytes out, and in the end a verdict. No socket
// and no time in it. Owned by a ProbeRun; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/upstream_config.h"
#include "event/byte_stream.h"

namespace hawser::upstream {

// How the connection is left once the verdict is there.
enum class Parting : std::uint8_t {
  at_once,
  server_first,  // the server is given a moment to end it, so that it sees no reset
};

struct ProbeStep {
  std::string write = {};              // to be sent now, before anything else
  std::optional<Status> verdict = {};  // the check is over, nothing more is to be fed; an error's message is the reason
  Parting parting = Parting::at_once;  // with a verdict
};

class ProbeScript {
 public:
  ProbeScript() = default;
  ProbeScript(const ProbeScript&) = delete;
  ProbeScript& operator=(const ProbeScript&) = delete;
  virtual ~ProbeScript() = default;

  // Once, first: the connection stands, over TLS with its handshake done.
  [[nodiscard]] virtual ProbeStep start() = 0;
  [[nodiscard]] virtual ProbeStep feed(std::span<const std::byte> bytes) = 0;
  // The server ended its direction; gives a verdict.
  [[nodiscard]] virtual ProbeStep end(event::StreamEnd end) = 0;
  // What is waited for at present, as a noun with its article.
  [[nodiscard]] virtual std::string_view awaited() const noexcept = 0;
};

// `server` is the name that goes into the Host field unless the options have one.
[[nodiscard]] std::unique_ptr<ProbeScript> make_probe_script(std::shared_ptr<const config::HealthCheck> options,
                                                             std::string_view server);

// For scripts: the check failed, by the server's fault.
[[nodiscard]] ProbeStep failed_step(std::string reason, Parting parting = Parting::at_once);
// The same for a connection that ended while `awaited` was.
[[nodiscard]] ProbeStep ended_step(event::StreamEnd end, std::string_view awaited);

}  // namespace hawser::upstream
