// Closed loop: every connection keeps `window` messages on their way until the run's count is sent.
#include "scenario.h"

namespace hawser::bench {
namespace {

class Messages final : public Scenario {
 public:
  using Scenario::Scenario;

  void on_echo(Client& client, std::chrono::nanoseconds latency) override {
    Scenario::on_echo(client, latency);
    send_next(client);
  }

 private:
  void measure() override {
    for (std::uint32_t round = 0; round < options_.window; ++round) {
      for (std::uint32_t id = 0; id < options_.connections; ++id) {
        if (Client* const client = fleet_.find(id)) send_next(*client);
      }
    }
    while (may_go_on() && report_.echoed < options_.count) fleet_.turn(deadline_);
  }

  void send_next(Client& client) {
    if (report_.sent < options_.count) send(client, std::chrono::steady_clock::now());
  }
};

}  // namespace

std::unique_ptr<Scenario> make_messages(const Options& options) { return std::make_unique<Messages>(options); }

}  // namespace hawser::bench
