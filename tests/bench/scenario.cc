#include "scenario.h"

#include <unistd.h>

#include <cstdio>

namespace hawser::bench {

using std::chrono::steady_clock;

Scenario::Scenario(const Options& options)
    : options_(options),
      fleet_(options, *this),
      latencies_(static_cast<std::size_t>(options.count)),
      deadline_(steady_clock::now() + options.deadline) {}

bool Scenario::run() {
  open_first();
  if (options_.start == Start::when_told && may_go_on()) {
    announce("ready");
    wait_for_input();
  }
  const Instant begin = steady_clock::now();
  if (may_go_on()) measure();
  report_.wall_seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  print_report();
  if (options_.start == Start::when_told || options_.mode == Mode::idle) wait_for_input();
  return report_.errors == 0;
}

void Scenario::open_first() {
  const std::uint32_t total = opened_first();
  while (may_go_on() && report_.opened < total) {
    launch_up_to(total);
    fleet_.turn(deadline_);
  }
}

void Scenario::launch_up_to(std::uint32_t total) {
  while (may_go_on() && launched_ < total && launched_ - report_.opened < options_.in_flight) {
    ++launched_;
    const std::string error = fleet_.launch();
    if (!error.empty()) fail(error);
  }
}

void Scenario::send(Client& client, Instant since) {
  ++report_.sent;
  fleet_.send(client, since);
}

void Scenario::on_open(Client&) { ++report_.opened; }

void Scenario::on_echo(Client&, std::chrono::nanoseconds latency) {
  ++report_.echoed;
  latencies_.add(latency);
}

void Scenario::on_end(Client&, const std::string& error) {
  if (error.empty()) {
    ++report_.closed;
  } else {
    fail(error);
  }
}

void Scenario::fail(const std::string& error) {
  if (report_.errors++ == 0) report_.first_error = error;
}

bool Scenario::may_go_on() const { return report_.errors == 0 && steady_clock::now() < deadline_; }

void Scenario::wait_for_input() {
  fleet_.watch_input();
  while (!fleet_.has_input() && may_go_on()) fleet_.turn(deadline_);
  fleet_.take_input();
}

void Scenario::announce(const char* word) {
  std::printf("%s\n", word);
  std::fflush(stdout);
}

void Scenario::print_report() {
  if (steady_clock::now() >= deadline_) fail("deadline passed");
  if (report_.sent != report_.echoed) fail("messages without an echo");
  std::string safe_error;
  for (const char c : report_.first_error) safe_error += (c >= ' ' && c != '"' && c != '\\') ? c : '?';
  std::printf(
      "{\"mode\":\"%s\",\"opened\":%llu,\"sent\":%llu,\"echoed\":%llu,\"closed\":%llu,\"bytes_verified\":%llu,"
      "\"errors\":%llu,\"first_error\":\"%s\",\"wall_seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f}"
      "\n",
      name_of(options_.mode), static_cast<unsigned long long>(report_.opened),
      static_cast<unsigned long long>(report_.sent), static_cast<unsigned long long>(report_.echoed),
      static_cast<unsigned long long>(report_.closed), static_cast<unsigned long long>(report_.echoed * options_.size),
      static_cast<unsigned long long>(report_.errors), safe_error.c_str(), report_.wall_seconds,
      latencies_.percentile(0.5), latencies_.percentile(0.99), latencies_.percentile(0.999));
  std::fflush(stdout);
}

}  // namespace hawser::bench
