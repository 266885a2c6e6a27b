// What the four modes share: opening the fleet, waiting at the gate, counting, and the report. Owned by main, one
// thread.
#pragma once

#include <memory>
#include <string>

#include "fleet.h"
#include "latency.h"
#include "options.h"

namespace hawser::bench {

struct Report {
  std::uint64_t opened = 0;
  std::uint64_t sent = 0;
  std::uint64_t echoed = 0;  // each compared with what was sent, byte for byte
  std::uint64_t closed = 0;  // in order, as close() asked
  std::uint64_t errors = 0;
  std::string first_error;
  double wall_seconds = 0;
};

class Scenario : public ClientObserver {
 public:
  explicit Scenario(const Options& options);

  // Runs to the end or the deadline and prints one line of JSON. True when nothing went wrong.
  [[nodiscard]] bool run();

  void on_open(Client& client) override;
  void on_echo(Client& client, std::chrono::nanoseconds latency) override;
  void on_end(Client& client, const std::string& error) override;

 protected:
  // The measured part.
  virtual void measure() = 0;
  // How many connections to open before the gate.
  [[nodiscard]] virtual std::uint32_t opened_first() const { return options_.connections; }

  void fail(const std::string& error);
  [[nodiscard]] bool may_go_on() const;
  void launch_up_to(std::uint32_t total);
  void send(Client& client, Instant since);

  // Waits for a line or the end of standard input while clients stay watched.
  void wait_for_input();

  const Options& options_;
  Fleet fleet_;
  Latencies latencies_;
  Report report_;
  std::uint32_t launched_ = 0;
  Instant deadline_;

 private:
  void open_first();
  void announce(const char* word);
  void print_report();
};

[[nodiscard]] std::unique_ptr<Scenario> make_messages(const Options& options);
[[nodiscard]] std::unique_ptr<Scenario> make_open_loop(const Options& options);
[[nodiscard]] std::unique_ptr<Scenario> make_upgrades(const Options& options);
[[nodiscard]] std::unique_ptr<Scenario> make_idle(const Options& options);

}  // namespace hawser::bench
