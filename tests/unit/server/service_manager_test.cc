#include "server/service_manager.h"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/server/notify_receiver.h"

using namespace hawser;
using namespace hawser::server;
using namespace std::chrono_literals;
using hawser::test::NotifyReceiver;
using Texts = std::vector<std::string>;

namespace {

ServiceManager speaker_to(const NotifyReceiver& receiver) {
  auto manager = ServiceManager::open(receiver.variable());
  REQUIRE(manager);
  return std::move(*manager);
}

ServiceNotice status(int number) { return ServiceNotice().status(std::to_string(number)); }

}  // namespace

TEST_CASE("Each notice has the line that sd_notify(3) gives it") {
  CHECK(ServiceNotice().ready().text() == "READY=1");
  CHECK(ServiceNotice().stopping().text() == "STOPPING=1");
  CHECK(ServiceNotice().watchdog().text() == "WATCHDOG=1");
  CHECK(ServiceNotice().main_pid(4711).text() == "MAINPID=4711");
  CHECK(ServiceNotice().extend_timeout(10s).text() == "EXTEND_TIMEOUT_USEC=10000000");
  CHECK(ServiceNotice().status("3 sessions").text() == "STATUS=3 sessions");
  CHECK(ServiceNotice().reloading(1234567us).text() == "RELOADING=1\nMONOTONIC_USEC=1234567");
}

TEST_CASE("A status cannot say anything else") {
  CHECK(ServiceNotice().status("a\nREADY=1\r\x7f").text() == "STATUS=a READY=1  ");
}

TEST_CASE("Lines of one notice arrive in one datagram") {
  NotifyReceiver receiver;
  ServiceManager manager = speaker_to(receiver);
  CHECK(manager.send(ServiceNotice().ready().status("serving")));
  CHECK(manager.send(ServiceNotice().stopping()));
  CHECK(receiver.take() == Texts{"READY=1\nSTATUS=serving", "STOPPING=1"});
}

TEST_CASE("An abstract socket is reached as well") {
  NotifyReceiver receiver{NotifyReceiver::Abstract{}};
  REQUIRE(receiver.variable().front() == '@');
  ServiceManager manager = speaker_to(receiver);
  CHECK(manager.send(ServiceNotice().ready()));
  CHECK(receiver.take() == Texts{"READY=1"});
}

TEST_CASE("Without a manager nothing is sent, and nothing fails") {
  auto manager = ServiceManager::open("");
  REQUIRE(manager);
  CHECK_FALSE(manager->is_present());
  CHECK(manager->send(ServiceNotice().ready()));
  CHECK_FALSE(manager->is_waiting());
}

TEST_CASE("A notify socket that cannot be one is an error that names it") {
  for (const std::string& variable : {std::string("relative"), std::string("/"), std::string("@"),
                                      std::string("vsock:2:1"), "/" + std::string(120, 'x')}) {
    INFO(variable);
    const auto manager = ServiceManager::open(variable);
    REQUIRE_FALSE(manager);
    CHECK(manager.error().code == ErrorCode::invalid_argument);
    CHECK(manager.error().message.find("NOTIFY_SOCKET '" + variable + "'") == 0);
  }
}

TEST_CASE("A manager that is gone is an error, and one that comes back is reached again") {
  NotifyReceiver receiver;
  ServiceManager manager = speaker_to(receiver);
  receiver.close();
  CHECK_FALSE(manager.send(ServiceNotice().ready()));
  CHECK_FALSE(manager.is_waiting());
  auto missing = ServiceManager::open("/missing/notify");
  REQUIRE(missing);
  CHECK(missing->send(ServiceNotice().ready()).error().code == ErrorCode::not_found);
}

TEST_CASE("What a full queue refuses waits, and arrives in order") {
  NotifyReceiver receiver;
  ServiceManager manager = speaker_to(receiver);
  int count = 0;
  while (!manager.is_waiting()) {
    REQUIRE(count < 10000);
    CHECK(manager.send(status(count++)));
  }
  CHECK(manager.send(status(count++)));
  Texts arrived = receiver.take();
  CHECK(arrived.size() + 2 == static_cast<std::size_t>(count));
  CHECK(manager.send_waiting());
  CHECK_FALSE(manager.is_waiting());
  for (const std::string& text : receiver.take()) arrived.push_back(text);
  Texts expected;
  for (int i = 0; i < count; ++i) expected.push_back("STATUS=" + std::to_string(i));
  CHECK(arrived == expected);
}

TEST_CASE("No more than a number of notices wait: the newest stay") {
  NotifyReceiver receiver;
  ServiceManager manager = speaker_to(receiver);
  int count = 0;
  while (!manager.is_waiting()) CHECK(manager.send(status(count++)));
  const int last = count + 100;
  while (count < last) CHECK(manager.send(status(count++)));
  (void)receiver.take();
  CHECK(manager.send_waiting());
  Texts arrived = receiver.take();
  while (manager.is_waiting()) {  // a queue of the kernel holds fewer
    CHECK(manager.send_waiting());
    for (const std::string& text : receiver.take()) arrived.push_back(text);
  }
  REQUIRE(arrived.size() == ServiceManager::kMostWaiting);
  CHECK(arrived.back() == "STATUS=" + std::to_string(last - 1));
}
