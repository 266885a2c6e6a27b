#include <span>

#include "server/application.h"

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  return hawser::server::run_application(arguments.subspan(argc > 0 ? 1 : 0));
}
