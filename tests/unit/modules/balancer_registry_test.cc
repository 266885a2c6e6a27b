#include "upstream/balancer_registry.h"

#include <filesystem>
#include <set>
#include <string>

#include "support/catch.h"

namespace hawser::upstream {

TEST_CASE("the registry holds the folders of modules/balancers, under their names") {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(HAWSER_BALANCERS_FOLDER)) {
    if (entry.is_directory()) folders.insert(entry.path().filename().string());
  }
  std::set<std::string> registered;
  for (const BalancerModule* module : registered_balancers()) registered.emplace(module->name);
  CHECK(registered == folders);
  CHECK(registered.size() == registered_balancers().size());
}

TEST_CASE("a method is found by its whole name only") {
  for (const BalancerModule* module : registered_balancers()) CHECK(find_balancer(module->name) == module);
  CHECK(find_balancer("round") == nullptr);
  CHECK(find_balancer("") == nullptr);
}

}  // namespace hawser::upstream
