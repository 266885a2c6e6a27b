#include "config/reader.h"
#include "support/catch.h"

TEST_CASE("The smallest useful file is read") {
  const auto result = hawser::config::read_configuration_text(
      "listeners: [{ address: \"0.0.0.0:8080\" }]\nroutes: [{ upstream: chat }]\n"
      "upstreams: { chat: { servers: [\"127.0.0.1:9001\", \"127.0.0.1:9002\"] } }\n",
      "hawser.yaml");
  for (const auto& diagnostic : result.diagnostics) UNSCOPED_INFO(to_string(diagnostic));
  REQUIRE(result.configuration.has_value());
  CHECK(result.configuration->listeners.at(0).name == "0.0.0.0:8080");
  CHECK(result.configuration->upstreams.at(0).servers.at(1).address == "127.0.0.1:9002");
}
