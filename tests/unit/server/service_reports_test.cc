// ServiceReports on a loop that a test turns, against a real notify socket.
#include "server/service_reports.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "unit/event/turned_loop.h"
#include "unit/proxy/log_rig.h"
#include "unit/server/notify_receiver.h"
#include "unit/upstream/loopback_server.h"

using namespace hawser;
using namespace hawser::server;
using namespace std::chrono_literals;
using Reload = ServiceReports::Reload;
using Texts = std::vector<std::string>;

namespace {

class Rig {
 public:
  explicit Rig(std::string watchdog_usec = "") { start(receiver.variable(), std::move(watchdog_usec)); }
  struct Unreachable {};
  explicit Rig(Unreachable /*manager*/) { start("/missing/notify", ""); }

  [[nodiscard]] Texts said() { return receiver.take(); }
  // Waits until something that begins with `text` was said.
  [[nodiscard]] bool says(const std::string& text) {
    return upstream::turn_until(turned, [&] {
      for (const std::string& each : receiver.take()) {
        if (each.starts_with(text)) return true;
      }
      return false;
    });
  }
  void run_for(Duration time) {
    const TimePoint until = turned.loop().now() + time;
    REQUIRE(upstream::turn_until(turned, [&] { return turned.loop().now() >= until; }));
  }
  // What stuck workers were asked is answered now.
  void come_back() {
    stuck.reset();
    for (event::Inbox::Task& task : std::exchange(unanswered, {})) task();
    turned.turn();
  }

  test::NotifyReceiver receiver;
  test::LogRig log;
  event::TurnedLoop turned;
  std::uint64_t sessions = 0;
  std::optional<std::size_t> stuck;  // a worker whose loop does not turn
  std::vector<event::Inbox::Task> unanswered;
  std::unique_ptr<ServiceReports> reports;

 private:
  void start(std::string notify_socket, std::string watchdog_usec) {
    ServiceEnvironment environment;
    environment.notify_socket = std::move(notify_socket);
    environment.watchdog_usec = std::move(watchdog_usec);
    ServiceSubject subject;
    subject.workers = 2;
    subject.session_count = [this] { return sessions; };
    subject.pulse = [this](std::size_t worker, event::Inbox::Task task) {
      if (worker != stuck) return task();
      unanswered.push_back(std::move(task));
    };
    subject.monotonic_now = [] { return 1234567us; };
    reports =
        std::make_unique<ServiceReports>(turned.loop(), turned.inbox(), log.logger(), environment, std::move(subject));
  }
};

}  // namespace

TEST_CASE("Nothing is said before the process serves") {
  Rig rig;
  rig.turned.turn();
  CHECK(rig.said().empty());
  rig.reports->serving();
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions"});
}

TEST_CASE("A reload is framed, and its refusal is told until the next one") {
  Rig rig;
  rig.reports->serving();
  (void)rig.said();
  rig.reports->reload_began();
  CHECK(rig.said() == Texts{"RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reloading, 0 sessions"});
  rig.reports->reload_ended(Reload::refused);
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions, last reload refused"});
  rig.reports->reload_began();
  rig.reports->reload_ended(Reload::taken);
  CHECK(rig.said().back() == "READY=1\nSTATUS=serving, 0 sessions");
}

TEST_CASE("A reload that begins before anybody listens is told afterwards") {
  Rig rig;
  rig.reports->reload_began();
  CHECK(rig.said().empty());
  rig.reports->serving();
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions",
                            "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reloading, 0 sessions"});
  rig.reports->reload_ended(Reload::taken);
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions"});
}

TEST_CASE("So is one that is over by then") {
  Rig rig;
  rig.reports->reload_began();
  rig.reports->reload_ended(Reload::taken);
  rig.reports->serving();
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions",
                            "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reloading, 0 sessions",
                            "READY=1\nSTATUS=serving, 0 sessions"});
}

TEST_CASE("The number of sessions is told when it has changed, and only then") {
  Rig rig;
  rig.reports->serving();
  (void)rig.said();
  rig.run_for(5100ms);
  CHECK(rig.said().empty());
  rig.sessions = 1;
  CHECK(rig.says("STATUS=serving, 1 session"));
}

TEST_CASE("A drain asks for more time again and again") {
  Rig rig;
  rig.reports->serving();
  rig.sessions = 3;
  (void)rig.said();
  rig.reports->draining(rig.turned.loop().now() + 20s);
  CHECK(rig.said() == Texts{"STOPPING=1\nEXTEND_TIMEOUT_USEC=10000000\nSTATUS=draining, 3 sessions, 20s left"});
  CHECK(rig.says("EXTEND_TIMEOUT_USEC=10000000\nSTATUS=draining, 3 sessions, 1"));
  rig.sessions = 2;
  CHECK(rig.says("EXTEND_TIMEOUT_USEC=10000000\nSTATUS=draining, 2 sessions, 1"));
  rig.reports->ending();
  CHECK(rig.said() == Texts{"EXTEND_TIMEOUT_USEC=10000000\nSTATUS=ending, 2 sessions"});
  CHECK(rig.says("EXTEND_TIMEOUT_USEC=10000000"));
}

TEST_CASE("A drain whose time is over is an end, and asks on") {
  Rig rig;
  rig.reports->serving();
  rig.sessions = 1;
  rig.reports->draining(rig.turned.loop().now() + 500ms);
  CHECK(rig.says("EXTEND_TIMEOUT_USEC=10000000\nSTATUS=ending, 1 session"));
  CHECK(rig.says("EXTEND_TIMEOUT_USEC=10000000"));
}

TEST_CASE("A fast stop is a stop too") {
  Rig rig;
  rig.reports->serving();
  (void)rig.said();
  rig.reports->ending();
  rig.reports->draining(rig.turned.loop().now());
  rig.reports->reload_began();
  rig.reports->reload_ended(Reload::taken);
  CHECK(rig.said() == Texts{"STOPPING=1\nEXTEND_TIMEOUT_USEC=10000000\nSTATUS=ending, 0 sessions"});
}

TEST_CASE("The name of the successor is the last word") {
  Rig rig("20000");
  rig.stuck = 0;
  rig.reports->serving();
  (void)rig.said();
  rig.reports->handed_over(4711);
  rig.come_back();
  rig.sessions = 5;
  rig.reports->draining(rig.turned.loop().now() + 20s);
  rig.reports->ending();
  rig.run_for(1200ms);
  CHECK(rig.said() == Texts{"MAINPID=4711"});
}

TEST_CASE("The watchdog is fed while both workers answer") {
  Rig rig("100000");
  rig.reports->serving();
  CHECK(rig.said() == Texts{"READY=1\nSTATUS=serving, 0 sessions", "WATCHDOG=1"});
  CHECK(rig.says("WATCHDOG=1"));
  CHECK(rig.says("WATCHDOG=1"));
}

TEST_CASE("The watchdog is not fed while a worker does not answer, and at once when it does again") {
  Rig rig("400000");
  rig.stuck = 1;
  rig.reports->serving();
  REQUIRE(upstream::turn_until(rig.turned, [&] { return rig.log.count("does not answer") == 1; }));
  (void)rig.said();
  rig.run_for(300ms);
  CHECK(rig.said().empty());
  CHECK(rig.unanswered.size() == 1);
  CHECK(rig.log.count("a worker does not answer, the watchdog is not fed worker=1") == 1);
  rig.come_back();
  const Texts said = rig.said();
  REQUIRE_FALSE(said.empty());
  CHECK(said.front() == "WATCHDOG=1");
  CHECK(rig.log.count("a worker answers again worker=1") == 1);
  CHECK(rig.says("WATCHDOG=1"));
}

TEST_CASE("An answer that comes after the end is nobody's") {
  Rig rig("100000");
  rig.stuck = 0;
  rig.reports->serving();
  (void)rig.said();
  rig.reports.reset();
  rig.come_back();
  CHECK(rig.said().empty());
}

TEST_CASE("What a full queue refuses is said as soon as there is room") {
  Rig rig;
  rig.reports->serving();
  for (int i = 0; i < 5000; ++i) {
    rig.reports->reload_began();
    rig.reports->reload_ended(i == 4999 ? Reload::refused : Reload::taken);
  }
  CHECK(rig.says("READY=1\nSTATUS=serving, 0 sessions, last reload refused"));
}

TEST_CASE("A manager that cannot be reached is a warning, once") {
  Rig rig{Rig::Unreachable{}};
  rig.reports->serving();
  rig.reports->reload_began();
  rig.reports->reload_ended(Reload::taken);
  CHECK(rig.log.count("cannot reach the service manager") == 1);
}

TEST_CASE("Variables that cannot be understood are warnings") {
  Rig rig("soon");
  rig.reports->serving();
  CHECK(rig.said().size() == 1);
  CHECK(rig.log.count("WATCHDOG_USEC 'soon'") == 1);
}
