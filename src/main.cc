#include <span>

#include "server/application.h"

int main(int argc, char** argv) {
  return hawser::server::run_application(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
}
