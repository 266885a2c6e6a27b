// One configuration as plain values: what a file says after defaults were filled in. Immutable once read; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_size.h"
#include "base/duration.h"
#include "base/ip_address.h"
#include "config/location.h"
#include "config/route_config.h"
#include "config/upstream_config.h"
#include "log/level.h"

namespace hawser::config {

struct Shutdown {
  Duration drain_timeout = std::chrono::seconds(25);
  Duration upgrade_drain = std::chrono::hours(1);  // how long the old process of an upgrade keeps its sessions
  std::uint16_t close_code = 1001;
  std::string reason;
};

enum class OnTerm : std::uint8_t { stop, drain };

struct Log {
  log::Level level = log::Level::info;
  std::string target = "stderr";  // stderr | syslog | an absolute path
};

struct AccessLog {
  std::string target = "off";   // off | stdout | stderr | syslog | an absolute path
  std::string format = "json";  // json | combined | a template with variables
  Location where;               // of the format, for errors found when it is compiled
};

struct CertificateFiles {
  std::string cert_file;  // absolute paths
  std::string key_file;
  Location where;
};

enum class UnknownSni : std::uint8_t { use_default, reject };
enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

struct ListenerTls {
  std::vector<CertificateFiles> certificates;  // never empty; the first is the default
  UnknownSni unknown_sni = UnknownSni::use_default;
  TlsVersion min_version = TlsVersion::tls1_2;
  std::string ciphers;       // TLS 1.2 suites in OpenSSL's syntax; default: Mozilla intermediate
  std::string ciphersuites;  // TLS 1.3 suites
  std::string curves;        // colon-separated groups
  bool session_tickets = true;
};

struct ListenerTimeouts {
  Duration handshake = std::chrono::seconds(10);
  Duration request_head = std::chrono::seconds(10);
  Duration keepalive = std::chrono::seconds(75);
  Duration body = std::chrono::seconds(60);  // between two reads of a request's body
};

struct Listener {
  std::string name;           // default: the address
  std::string address;        // host:port, [::]:port, unix:/path
  std::uint32_t mode = 0660;  // of a unix socket
  std::uint32_t backlog = 4096;
  std::optional<ListenerTls> tls;
  OptionalCount max_sessions;
  OptionalCount max_sessions_per_ip;      // IPv6: per /64
  OptionalCount new_sessions_per_second;  // a burst of one second's worth
  ListenerTimeouts timeouts;
  ByteSize max_head_size{32 * 1024};
  Location where;
};

// Who answers questions about names.
struct Resolver {
  std::vector<std::string> nameservers;  // address or address:port; empty: those of the system
  Duration timeout = std::chrono::seconds(2);
  std::uint32_t attempts = 3;
  Location where;
};

struct Configuration {
  std::uint32_t workers = 0;  // 0: auto
  std::string user;           // empty: stay who we are
  std::string pid_file;       // empty: none
  OnTerm on_term = OnTerm::stop;
  Shutdown shutdown;
  Log log;
  AccessLog access_log;
  Resolver resolver;
  std::vector<std::string> trusted_proxies;  // networks whose X-Forwarded-* fields are believed
  std::vector<ErrorPage> error_pages;        // for routes that have none of their own for a status
  std::vector<Listener> listeners;
  std::vector<Route> routes;
  std::vector<Upstream> upstreams;  // in file order
  std::string file;                 // the main file, absolute
};

}  // namespace hawser::config
