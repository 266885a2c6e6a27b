// The one table of every key that a configuration file may hold: validation, defaults, printing, the JSON Schema and
// the manual are all made from it. Constant data; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/slot.h"

namespace hawser::config {

enum class Type : std::uint8_t {
  text,
  path,             // of a file; relative ones start at the folder of the file that names them
  target,           // one of the key's words, or a path
  choice,           // one of the key's words
  boolean,          // true, on, yes, false, off, no
  integer,          // within the key's range; the first word, if any, stands for 0
  count,            // within the key's range, or off
  decimal,          // within the key's range
  rate,             // a decimal from 0.001 to the end of the key's range
  ratio,            // 20% or 0.2, from 0 to 1; the range is in percent
  size,             // 64k, or off where the slot is optional; the range is in bytes
  duration,         // 10s; the range is in milliseconds
  close_code,       // one that an endpoint may send (RFC 6455, section 7.4)
  file_mode,        // octal digits
  redirect_status,  // one that sends a client elsewhere by its Location
  lines,            // a text that may hold line breaks and tabs
  // From here to nameserver: addresses and names of hosts.
  listener_address,  // IP:port or unix:/path
  server_address,    // host:port or unix:/path
  host_port,         // host:port with a host name
  host_name,         // example.com, or an IP address
  host_field,        // example.com or example.com:8080, as a Host field has it (RFC 9110, section 7.2)
  host_pattern,      // example.com or *.example.com
  service_name,      // _service._proto.name (RFC 2782)
  ip_address,
  network,     // IP or IP/bits
  nameserver,  // IP or IP:port
  // From here to token: parts of HTTP messages.
  url_path,         // begins with a slash
  request_target,   // begins with a slash, and is written as a request sends it (RFC 9112, section 3.2.1)
  plain_path,       // begins with a slash; neither percent-encoded nor with a query
  redirect_target,  // a template: a path, or a URL with its scheme
  host_template,    // a host_field, or a template
  media_type,       // text/html; charset=utf-8
  ruled_field,      // the name of a field that header rules may change
  token,            // RFC 9110, section 5.6.2
  statuses,         // 200,204,300-399
  map,              // a section; with a shorthand also a single value
  list,             // of sections
  named_map,        // of sections, by a name that the user gives
  name_values,      // of text, by a name that the user gives
  text_list,        // of single values
};

enum class Presence : std::uint8_t { optional, required };

enum class Effect : std::uint8_t { on_reload, at_start };

struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

struct Section;

// The values of another key of the same section, a choice, with which a key means anything.
struct Companion {
  std::string_view key{};  // empty: always
  std::span<const std::string_view> words{};
};

struct Key {
  std::string_view name{};
  Type type = Type::text;
  Slot slot{};
  std::string_view description{};   // one sentence without its full stop
  std::string_view default_text{};  // as a file would write it; empty: none, or empty text
  Presence presence = Presence::optional;
  Range range{};  // of a number, or of the bytes of a text (each of a text_list), or of the entries of a list
  std::span<const std::string_view> words{};
  const Section* section = nullptr;  // of a map, or of each entry of a list or named_map
  std::string_view shorthand{};      // the key that a single value in place of the section sets
  Companion only_with{};
  std::span<const std::string_view> only_beside{};  // other keys of the section, one of which must be given too
  // Takes the place: of each entry of a list or named_map, given that entry; of a section that may be absent, given
  // that section; else of the value (of a text_list: the whole), given what holds it.
  Field<Location> where = nullptr;
  Type name_type = Type::text;           // of the names in name_values, or of the values in a text_list
  Field<std::string> name_of = nullptr;  // of a named_map: takes the name of each entry
  Effect effect = Effect::on_reload;     // when a changed value counts
};

enum class Relation : std::uint8_t {
  exactly_one,   // of the keys is given
  at_least_one,  // of the keys is given
  all_or_none,   // of the keys are given
  ascending,     // the durations of the keys, each at most the next
};

// What must hold among keys of one section. A key without a value, and one with an empty list, is not given.
struct Rule {
  Relation relation = Relation::at_least_one;
  std::span<const std::string_view> keys{};
};

struct Section {
  std::span<const Key> keys{};
  std::span<const std::string_view> planned{};  // keys that later versions will have
  std::span<const Rule> rules{};

  [[nodiscard]] const Key* find(std::string_view name) const noexcept;
};

// Whether `key` means anything in `object`, whose section is `section`.
[[nodiscard]] bool is_in_use(const Section& section, const Key& key, const void* object);

// The section of a whole file; its object is a Configuration.
[[nodiscard]] const Section& root_section() noexcept;

// The keys that an included file may hold.
[[nodiscard]] bool is_allowed_in_include(std::string_view key) noexcept;

struct ManualKey {
  std::string path;  // "listeners[].tls.min_version", "upstreams.NAME.balance"
  const Key* key = nullptr;
};

// Every key in the table's order, sections before what is in them.
[[nodiscard]] std::vector<ManualKey> manual_keys();

// The JSON Schema (draft 7) of a configuration file, for editors.
[[nodiscard]] std::string json_schema();

}  // namespace hawser::config
