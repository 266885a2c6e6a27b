// A health monitor on a loop that a test runs until something holds, with its log read back as a list of events.
#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "unit/event/turned_loop.h"
#include "unit/upstream/probed_server.h"
#include "upstream/health_monitor.h"

namespace hawser::upstream {

class MonitorRig final : private event::TimerObserver {
 public:
  MonitorRig() {
    logger_ = log::Logger::open(folder_.file("log"), log::Level::debug).value();
    monitor = std::make_unique<HealthMonitor>(loop(), scratch_, *logger_, Rng(7), [this](const HealthTarget& target) {
      ups.push_back(target.server);
      if (then_on_up) then_on_up();
    });
  }

  [[nodiscard]] event::Loop& loop() { return turned.loop(); }

  // Runs the loop until it holds, at most some seconds.
  [[nodiscard]] bool run_until(const std::function<bool()>& holds) {
    constexpr int kMostTicks = 100;
    for (int ticks = 0; ticks < kMostTicks && !holds(); ++ticks) {
      loop().arm(timer_, event::TimerWheel::kTick);
      loop().run();
    }
    return holds();
  }
  void run_for(Duration duration) {
    loop().arm(timer_, duration);
    loop().run();
  }

  // What the log says of servers so far, a letter each: f for a check that failed without changing anything, D for
  // down, U for up, i for a check that could not be made.
  [[nodiscard]] std::string events() {
    std::string letters;
    for (const std::string& line : lines()) {
      if (line.find("health check failed") != std::string::npos) letters += 'f';
      if (line.find("server down") != std::string::npos) letters += 'D';
      if (line.find("server up") != std::string::npos) letters += 'U';
      if (line.find("health check impossible") != std::string::npos) letters += 'i';
    }
    return letters;
  }
  [[nodiscard]] std::vector<std::string> lines() {
    logger_->flush();
    std::vector<std::string> lines;
    std::istringstream text(folder_.read("log"));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  event::TurnedLoop turned;
  std::vector<std::string> ups;
  std::function<void()> then_on_up;

 private:
  void on_timer(event::Timer& /*timer*/) override { loop().stop(); }

  test::TemporaryFolder folder_;
  std::unique_ptr<log::Logger> logger_;
  tls::TlsScratch scratch_;
  event::Timer timer_{*this};

 public:
  std::unique_ptr<HealthMonitor> monitor;  // goes first
};

// A check every tick of the loop's timers, which fails after one as well unless its time is made longer.
[[nodiscard]] inline config::HealthCheck quick_check(config::HealthCheckType type) {
  config::HealthCheck check;
  check.type = type;
  check.interval = std::chrono::milliseconds(10);
  check.timeout = std::chrono::seconds(5);
  return check;
}

[[nodiscard]] inline HealthTarget target_at(const SocketAddress& address, const config::HealthCheck& check,
                                            std::shared_ptr<ServerState> state) {
  return {.upstream = "chat",
          .server = address.to_string(),
          .connect = {.address = address},
          .state = std::move(state),
          .options = std::make_shared<const config::HealthCheck>(check)};
}

}  // namespace hawser::upstream
