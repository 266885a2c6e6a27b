#include "server/watchdog.h"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace hawser;
using namespace hawser::server;
using namespace std::chrono_literals;

namespace {

// Writes down what the watchdog wants: P and a worker's number, F for a feeding, S for stuck, B for back.
class Rig final : private WatchdogObserver {
 public:
  explicit Rig(std::size_t workers) : watchdog(workers, *this) {}

  std::string half_interval() {
    watchdog.on_half_interval();
    return take();
  }
  std::string answer(std::size_t worker) {
    watchdog.on_answer(worker);
    return take();
  }

  Watchdog watchdog;

 private:
  void on_pulse_wanted(std::size_t worker) override { add('P', worker); }
  void on_fed() override { seen_ += "F "; }
  void on_worker_stuck(std::size_t worker) override { add('S', worker); }
  void on_worker_back(std::size_t worker) override { add('B', worker); }

  void add(char what, std::size_t worker) { seen_ += what + std::to_string(worker) + " "; }
  std::string take() { return std::exchange(seen_, ""); }

  std::string seen_;
};

ServiceEnvironment environment_with(std::string usec, std::string pid = "") {
  ServiceEnvironment environment;
  environment.watchdog_usec = std::move(usec);
  environment.watchdog_pid = std::move(pid);
  environment.process = 77;
  return environment;
}

}  // namespace

TEST_CASE("The watchdog is fed at once, and asks everybody") {
  Rig rig(2);
  CHECK(rig.half_interval() == "F P0 P1 ");
}

TEST_CASE("It is fed each half interval while all answer") {
  Rig rig(2);
  (void)rig.half_interval();
  CHECK(rig.answer(1).empty());
  CHECK(rig.answer(0).empty());
  CHECK(rig.half_interval() == "F P0 P1 ");
  (void)rig.answer(0);
  (void)rig.answer(1);
  CHECK(rig.half_interval() == "F P0 P1 ");
}

TEST_CASE("It is not fed while one does not answer, who is asked no second time") {
  Rig rig(2);
  (void)rig.half_interval();
  (void)rig.answer(0);
  CHECK(rig.half_interval() == "S1 P0 ");
  (void)rig.answer(0);
  CHECK(rig.half_interval() == "P0 ");
  (void)rig.answer(0);
  CHECK(rig.half_interval() == "P0 ");
}

TEST_CASE("The answer that was missing feeds at once, and then all is as before") {
  Rig rig(2);
  (void)rig.half_interval();
  (void)rig.answer(0);
  CHECK(rig.half_interval() == "S1 P0 ");
  CHECK(rig.answer(0).empty());
  CHECK(rig.answer(1) == "B1 F ");
  CHECK(rig.half_interval() == "F P0 P1 ");
}

TEST_CASE("All that are stuck must have come back") {
  Rig rig(2);
  (void)rig.half_interval();
  CHECK(rig.half_interval() == "S0 S1 ");
  CHECK(rig.answer(0) == "B0 ");
  CHECK(rig.half_interval() == "P0 ");
  CHECK(rig.answer(1) == "B1 F ");
}

TEST_CASE("Feeding happens at half of what the manager waits") {
  CHECK(watchdog_half_interval(environment_with("30000000")).value() == Duration(15s));
  CHECK(watchdog_half_interval(environment_with("30000000", "77")).value() == Duration(15s));
  CHECK(watchdog_half_interval(environment_with("1")).value() == Duration(1ms));
  CHECK(watchdog_half_interval(environment_with("18446744073709551615")).value() > Duration(1h));
}

TEST_CASE("Without a watchdog, or with that of another process, nobody is fed") {
  CHECK(watchdog_half_interval(environment_with("")).value() == std::nullopt);
  CHECK(watchdog_half_interval(environment_with("", "77")).value() == std::nullopt);
  CHECK(watchdog_half_interval(environment_with("30000000", "78")).value() == std::nullopt);
}

TEST_CASE("A variable of the watchdog that cannot be read is an error that names it") {
  for (const char* usec : {"0", "-1", "soon", "30s", "18446744073709551616"}) {
    INFO(usec);
    const auto interval = watchdog_half_interval(environment_with(usec));
    REQUIRE_FALSE(interval);
    CHECK(interval.error().message.find("WATCHDOG_USEC '" + std::string(usec) + "'") == 0);
  }
  const auto interval = watchdog_half_interval(environment_with("1000", "me"));
  REQUIRE_FALSE(interval);
  CHECK(interval.error().message.find("WATCHDOG_PID 'me'") == 0);
}
