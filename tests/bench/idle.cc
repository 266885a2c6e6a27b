// Idle sessions: every connection opens, echoes once, and is held until standard input ends.
#include "scenario.h"

namespace hawser::bench {
namespace {

class Idle final : public Scenario {
 public:
  using Scenario::Scenario;

  void on_open(Client& client) override {
    Scenario::on_open(client);
    send(client, std::chrono::steady_clock::now());
  }

 private:
  [[nodiscard]] std::uint32_t opened_first() const override { return 0; }

  void measure() override {
    while (may_go_on() && report_.echoed < options_.connections) {
      launch_up_to(options_.connections);
      fleet_.turn(deadline_);
    }
  }
};

}  // namespace

std::unique_ptr<Scenario> make_idle(const Options& options) { return std::make_unique<Idle>(options); }

}  // namespace hawser::bench
