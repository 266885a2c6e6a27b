// Whole lives: connect, TLS where asked for, upgrade, one echo, closing handshake; or one request and the end that it
// asked for. A fixed number under way at a time.
#include "scenario.h"

namespace hawser::bench {
namespace {

class Upgrades final : public Scenario {
 public:
  using Scenario::Scenario;

  void on_open(Client& client) override {
    Scenario::on_open(client);
    send(client, std::chrono::steady_clock::now());
  }

  void on_echo(Client& client, std::chrono::nanoseconds latency) override {
    Scenario::on_echo(client, latency);
    client.close();
  }

 private:
  [[nodiscard]] std::uint32_t opened_first() const override { return 0; }

  void measure() override {
    while (may_go_on() && report_.closed < options_.count) {
      while (launched_ < options_.count && fleet_.size() < options_.in_flight && may_go_on()) {
        ++launched_;
        const std::string error = fleet_.launch();
        if (!error.empty()) fail(error);
      }
      fleet_.turn(deadline_);
    }
  }
};

}  // namespace

std::unique_ptr<Scenario> make_upgrades(const Options& options) { return std::make_unique<Upgrades>(options); }

}  // namespace hawser::bench
