#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "frame.h"
#include "socket.h"

namespace hawser::bench {
namespace {

struct Scheme {
  std::string_view name;
  Protocol protocol;
  Transport transport;
};

constexpr std::array<Scheme, 4> kSchemes{{{"ws", Protocol::websocket, Transport::plain},
                                          {"wss", Protocol::websocket, Transport::tls},
                                          {"http", Protocol::http, Transport::plain},
                                          {"https", Protocol::http, Transport::tls}}};

using Setter = std::function<bool(Options&, std::string_view)>;

constexpr std::array<std::pair<std::string_view, Mode>, 4> kModes{
    {{"messages", Mode::messages}, {"open-loop", Mode::open_loop}, {"upgrades", Mode::upgrades}, {"idle", Mode::idle}}};

template <typename Number>
Setter number(Number Options::* field, Number low, Number high) {
  return [=](Options& options, std::string_view text) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, options.*field);
    return parsed.ec == std::errc() && parsed.ptr == end && options.*field >= low && options.*field <= high;
  };
}

bool set_deadline(Options& options, std::string_view text) {
  std::uint32_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  options.deadline = std::chrono::seconds(seconds);
  return parsed.ec == std::errc() && seconds > 0 && seconds <= 3600;
}

bool set_path(Options& options, std::string_view text) {
  options.path = text;
  return text.starts_with('/');
}

const std::map<std::string_view, Setter>& setters() {
  static const std::map<std::string_view, Setter> kSetters{
      {"--connections", number(&Options::connections, 1U, 19'000U)},
      {"--count", number<std::uint64_t>(&Options::count, 1, 10'000'000)},
      {"--size", number<std::size_t>(&Options::size, 0, kMaxFramePayload)},
      {"--window", number(&Options::window, 1U, 1024U)},
      {"--rate", number(&Options::rate, 1.0, 1e6)},
      {"--in-flight", number(&Options::in_flight, 1U, 4096U)},
      {"--sources", number(&Options::sources, 1U, 250U)},
      {"--deadline", set_deadline},
      {"--path", set_path}};
  return kSetters;
}

bool set_mode(Options& options, std::string_view text) {
  for (const auto& [name, mode] : kModes) {
    if (name != text) continue;
    options.mode = mode;
    return true;
  }
  return false;
}

bool set_target(Options& options, std::string_view text) {
  const std::size_t scheme_end = std::min(text.find("://"), text.size());
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name != text.substr(0, scheme_end)) continue;
    const auto target = parse_endpoint(text.substr(scheme_end + 3));
    if (target) options.target = *target;
    options.protocol = scheme.protocol;
    options.transport = scheme.transport;
    return target.has_value();
  }
  return false;
}

}  // namespace

std::expected<Options, std::string> read_options(std::span<char* const> arguments) {
  Options options;
  if (arguments.size() < 3) return std::unexpected("MODE and URL are needed");
  if (!set_mode(options, arguments[1])) return std::unexpected(std::string("unknown mode ") + arguments[1]);
  if (!set_target(options, arguments[2])) return std::unexpected(std::string("bad URL ") + arguments[2]);
  for (std::size_t i = 3; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--gate") {
      options.start = Start::when_told;
      continue;
    }
    const auto setter = setters().find(name);
    if (setter == setters().end()) return std::unexpected("unknown option " + std::string(name));
    if (++i == arguments.size()) return std::unexpected(std::string(name) + " needs a value");
    if (!setter->second(options, arguments[i])) return std::unexpected("bad value for " + std::string(name));
  }
  return options;
}

const char* usage() noexcept {
  return "usage: hawser_bench_loadgen MODE SCHEME://IPV4:PORT [options]\n"
         "  ws, wss     a message is a frame, its echo must come back\n"
         "  http, https a message is a GET of /bytes/SIZE/CONNECTION/NUMBER, its echo the answer with these bytes\n"
         "  messages    closed loop: --connections --count --size --window\n"
         "  open-loop   paced:       --connections --count --size --rate\n"
         "  upgrades    connect, upgrade, one echo, close: --count --in-flight --size;\n"
         "              with http a connection for each request, which says Connection: close\n"
         "  idle        opens --connections, one echo on each, holds them until standard input ends\n"
         "  any mode    --path P (of the upgrade) --sources N --deadline SECONDS --in-flight N\n"
         "              --gate: when all is open print `ready`, begin at a line on standard input, and after the\n"
         "              report hold the connections until standard input ends\n";
}

const char* name_of(Mode mode) noexcept {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name.data();
  }
  return "";
}

}  // namespace hawser::bench
