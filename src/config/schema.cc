#include "config/schema.h"

#include <algorithm>
#include <array>

#include "config/schema_sections.h"
#include "config/value.h"

namespace hawser::config {

namespace {

constexpr Words<1> kAuto{"auto"};
constexpr Words<2> kOnTerm{"stop", "drain"};
constexpr Words<6> kLevels{"trace", "debug", "info", "warn", "error", "critical"};
constexpr Words<2> kLogTargets{"stderr", "syslog"};
constexpr Words<4> kAccessLogTargets{"off", "stdout", "stderr", "syslog"};

constexpr std::array kShutdownKeys{
    Key{.name = "drain_timeout",
        .type = Type::duration,
        .slot = field<&Shutdown::drain_timeout>(),
        .description = "How long a polite stop waits for sessions to end",
        .default_text = "25s",
        .range = kDurationOrZero},
    Key{.name = "upgrade_drain",
        .type = Type::duration,
        .slot = field<&Shutdown::upgrade_drain>(),
        .description = "How long the old process of a binary upgrade keeps its sessions before it drains as a polite "
                       "stop does",
        .default_text = "1h",
        .range = kDurationOrZero},
    Key{.name = "close_code",
        .type = Type::close_code,
        .slot = field<&Shutdown::close_code>(),
        .description = "The WebSocket close code that clients get when Hawser stops",
        .default_text = "1001",
        .range = {1000, 4999}},
    Key{.name = "reason",
        .type = Type::text,
        .slot = field<&Shutdown::reason>(),
        .description = "The text in that Close frame",
        .default_text = "",
        .range = {0, 123}},
};
constexpr Words<2> kShutdownPlanned{"delay", "spread"};
constexpr Section kShutdown{kShutdownKeys, kShutdownPlanned};

constexpr std::array kLogKeys{
    Key{.name = "level",
        .type = Type::choice,
        .slot = field<&Log::level>(),
        .description = "The least severe messages that are written",
        .default_text = "info",
        .words = kLevels},
    Key{.name = "target",
        .type = Type::target,
        .slot = field<&Log::target>(),
        .description = "Where messages go: stderr, syslog or a file",
        .default_text = "stderr",
        .range = {1},
        .words = kLogTargets},
};
constexpr Section kLog{kLogKeys, {}};

constexpr std::array kAccessLogKeys{
    Key{.name = "target",
        .type = Type::target,
        .slot = field<&AccessLog::target>(),
        .description = "Where one line per session goes: off, stdout, stderr, syslog or a file",
        .default_text = "off",
        .range = {1},
        .words = kAccessLogTargets},
    Key{.name = "format",
        .type = Type::text,
        .slot = field<&AccessLog::format>(),
        .description = "json, combined, or a template with variables such as $remote_addr",
        .default_text = "json",
        .range = {1},
        .where = &Access<&AccessLog::where>::get},
};
constexpr Words<1> kAccessLogPlanned{"events"};
constexpr Section kAccessLog{kAccessLogKeys, kAccessLogPlanned};

constexpr std::array kRootKeys{
    Key{.name = "workers",
        .type = Type::integer,
        .slot = field<&Configuration::workers>(),
        .description = "Threads that serve sessions; auto follows the CPUs that this process may use",
        .default_text = "auto",
        .range = {1, 1024},
        .words = kAuto,
        .effect = Effect::at_start},
    Key{.name = "user",
        .type = Type::text,
        .slot = field<&Configuration::user>(),
        .description = "The user that Hawser becomes once its ports are open; unchanged when absent",
        .range = {1, 255},
        .effect = Effect::at_start},
    Key{.name = "pid_file",
        .type = Type::path,
        .slot = field<&Configuration::pid_file>(),
        .description = "The file that holds the process id; none when absent",
        .range = {1},
        .effect = Effect::at_start},
    Key{.name = "on_term",
        .type = Type::choice,
        .slot = field<&Configuration::on_term>(),
        .description = "What SIGTERM does: stop at once, or drain as SIGQUIT does",
        .default_text = "stop",
        .words = kOnTerm},
    Key{.name = "include",
        .type = Type::text_list,
        .slot = {},
        .description =
            "Files (with wildcards) that add listeners, routes and upstreams, read in the order of their names",
        .name_type = Type::path},
    Key{.name = "shutdown",
        .type = Type::map,
        .slot = object<&Configuration::shutdown>(),
        .description = "How sessions are ended when Hawser stops",
        .section = &kShutdown},
    Key{.name = "log",
        .type = Type::map,
        .slot = object<&Configuration::log>(),
        .description = "The log of what Hawser does",
        .section = &kLog},
    Key{.name = "access_log",
        .type = Type::map,
        .slot = object<&Configuration::access_log>(),
        .description = "The log of what clients asked for",
        .section = &kAccessLog},
    Key{.name = "resolver",
        .type = Type::map,
        .slot = object<&Configuration::resolver>(),
        .description = "Who answers questions about the names of servers",
        .section = &kResolverSection,
        .where = [](void* configuration) { return &static_cast<Configuration*>(configuration)->resolver.where; }},
    Key{.name = "trusted_proxies",
        .type = Type::text_list,
        .slot = field<&Configuration::trusted_proxies>(),
        .description = "Networks of proxies in front of Hawser; what they say of their clients (X-Forwarded-For and "
                       "the like) is believed",
        .range = {1},
        .name_type = Type::network},
    Key{.name = "error_pages",
        .type = Type::list,
        .slot = list<&Configuration::error_pages>(),
        .description = "Pages for Hawser's own error answers; those of a route come first",
        .section = &kErrorPageSection},
    Key{.name = "listeners",
        .type = Type::list,
        .slot = list<&Configuration::listeners>(),
        .description = "Addresses that accept clients",
        .section = &kListenerSection,
        .where = &Access<&Listener::where>::get},
    Key{.name = "routes",
        .type = Type::list,
        .slot = list<&Configuration::routes>(),
        .description = "What happens to a request; the first route that matches wins",
        .section = &kRouteSection,
        .where = &Access<&Route::where>::get},
    Key{.name = "upstreams",
        .type = Type::named_map,
        .slot = list<&Configuration::upstreams>(),
        .description = "Named groups of servers",
        .section = &kUpstreamSection,
        .where = &Access<&Upstream::where>::get,
        .name_of = &Access<&Upstream::name>::get},
};
constexpr Words<1> kRootPlanned{"admin"};
constexpr Section kRoot{kRootKeys, kRootPlanned};

void add_keys(const Section& section, const std::string& prefix, std::vector<ManualKey>& keys) {
  for (const Key& key : section.keys) {
    const std::string path = prefix + std::string(key.name);
    keys.push_back({path, &key});
    if (key.section == nullptr) continue;
    if (key.type == Type::list) add_keys(*key.section, path + "[].", keys);
    if (key.type == Type::map) add_keys(*key.section, path + ".", keys);
    if (key.type == Type::named_map) add_keys(*key.section, path + ".NAME.", keys);
  }
}

}  // namespace

const Key* Section::find(std::string_view name) const noexcept {
  const auto found = std::find_if(keys.begin(), keys.end(), [name](const Key& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

bool is_in_use(const Section& section, const Key& key, const void* object) {
  const auto is_set = [&](std::string_view other) { return holds_value(*section.find(other), object); };
  if (!key.only_beside.empty() && std::none_of(key.only_beside.begin(), key.only_beside.end(), is_set)) return false;
  if (key.only_with.key.empty()) return true;
  const std::string said = value_text(*section.find(key.only_with.key), object);
  return std::find(key.only_with.words.begin(), key.only_with.words.end(), said) != key.only_with.words.end();
}

const Section& root_section() noexcept { return kRoot; }

bool is_allowed_in_include(std::string_view key) noexcept {
  return key == "listeners" || key == "routes" || key == "upstreams" || key == "include";
}

std::vector<ManualKey> manual_keys() {
  std::vector<ManualKey> keys;
  add_keys(kRoot, "", keys);
  return keys;
}

}  // namespace hawser::config
