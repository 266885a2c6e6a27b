// Open loop: messages leave at a fixed rate whatever comes back, and latency counts from the moment each was due, so
// that a stall is charged to every message that it delayed.
#include "scenario.h"

namespace hawser::bench {
namespace {

class OpenLoop final : public Scenario {
 public:
  using Scenario::Scenario;

 private:
  void measure() override {
    const Instant begin = std::chrono::steady_clock::now();
    while (may_go_on() && report_.echoed < options_.count) {
      while (report_.sent < options_.count && due(begin) <= std::chrono::steady_clock::now()) send_due(begin);
      fleet_.turn(report_.sent < options_.count ? due(begin) : deadline_);
    }
  }

  [[nodiscard]] Instant due(Instant begin) const {
    const std::chrono::duration<double> after(static_cast<double>(report_.sent) / options_.rate);
    return begin + std::chrono::duration_cast<std::chrono::nanoseconds>(after);
  }

  void send_due(Instant begin) {
    Client* const client = fleet_.find(static_cast<std::uint32_t>(report_.sent % options_.connections));
    if (client == nullptr) return fail("a connection was lost");
    send(*client, due(begin));
  }
};

}  // namespace

std::unique_ptr<Scenario> make_open_loop(const Options& options) { return std::make_unique<OpenLoop>(options); }

}  // namespace hawser::bench
