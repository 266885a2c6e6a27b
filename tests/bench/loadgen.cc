// The load generator of the bench: one mode, one target, one line of JSON, exit 0 only if every byte came back.
#include <cstdio>

#include "options.h"
#include "scenario.h"

namespace {

using namespace hawser::bench;

std::unique_ptr<Scenario> make_scenario(const Options& options) {
  switch (options.mode) {
    case Mode::messages:
      return make_messages(options);
    case Mode::open_loop:
      return make_open_loop(options);
    case Mode::upgrades:
      return make_upgrades(options);
    case Mode::idle:
      return make_idle(options);
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(std::span<char* const>(argv, static_cast<std::size_t>(argc)));
  if (!options) {
    std::fprintf(stderr, "%s\n%s", options.error().c_str(), usage());
    return 2;
  }
  raise_descriptor_limit();
  return make_scenario(*options)->run() ? 0 : 1;
}
