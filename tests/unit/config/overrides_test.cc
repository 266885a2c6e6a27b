#include "unit/config/read_text.h"

namespace hawser::config {

TEST_CASE("Overrides set values that the file has or has not") {
  const Configuration configuration =
      read_text("log: { level: warn }\n" + kSmallest,
                {"log.level=debug", "workers=2", "listeners[0].address=127.0.0.1:0", "upstreams.chat.retry.attempts=7",
                 "listeners[0].timeouts.keepalive=3s", "upstreams.chat.servers[1]=127.0.0.1:7", "workers=3"});
  CHECK(configuration.log.level == log::Level::debug);
  CHECK(configuration.workers == 3);
  CHECK(configuration.listeners.at(0).address == "127.0.0.1:0");
  CHECK(configuration.listeners.at(0).timeouts.keepalive == std::chrono::seconds(3));
  CHECK(configuration.upstreams.at(0).retry.attempts == 7);
  CHECK(configuration.upstreams.at(0).servers.at(1).address == "127.0.0.1:7");
}

TEST_CASE("An override of one user of an alias leaves the others alone") {
  const Configuration configuration = read_text(
      "listeners: [{ address: \"0.0.0.0:80\" }]\nroutes: [{ upstream: a }]\n"
      "upstreams:\n  a: &a { servers: [\"x:1\"], retry: { attempts: 2 } }\n  b: *a\n",
      {"upstreams.b.retry.attempts=5"});
  CHECK(configuration.upstreams.at(0).retry.attempts == 2);
  CHECK(configuration.upstreams.at(1).retry.attempts == 5);
}

TEST_CASE("Errors in overrides name -g and come last") {
  CHECK(errors_in("user: \"\"\n" + kSmallest, {"workers", "=1", "a..b=1", "listeners[0=1", "listeners[4].name=x",
                                               "lgo.level=info", "log.level=loud"}) ==
        Lines{"f:1:7: user: must not be empty", "-g: 'workers' is not dotted.key=value",
              "-g: '' is not a key; examples: log.level, listeners[0].address",
              "-g: 'a..b' is not a key; examples: log.level, listeners[0].address",
              "-g: 'listeners[0' is not a key; examples: log.level, listeners[0].address",
              "-g: listeners[4].name: there is no entry [4], the list has 1",
              "-g: lgo: unknown key 'lgo', did you mean 'log'?",
              "-g: log.level: 'loud' is not trace, debug, info, warn, error or critical"});
}

TEST_CASE("An override below a single value is an error") {
  CHECK(errors_in("workers: 2\n" + kSmallest, {"workers.x=1"}) ==
        Lines{"-g: workers.x: 'x' is not below a single value"});
}

}  // namespace hawser::config
