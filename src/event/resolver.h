// Asks DNS without blocking (c-ares): addresses and services of a name, with how long the answer holds. Host names are
// looked up in the hosts file first. One loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace hawser::event {

class Loop;

struct ResolverOptions {
  std::vector<std::string> nameservers;        // "10.0.0.2", "10.0.0.2:5353", "[::1]:53"; empty: those of the system
  Duration timeout = std::chrono::seconds(2);  // of one try
  std::uint32_t tries = 3;
  // What the system says, to be compared only: the resolver reads it by itself. Other text calls for another resolver.
  std::string system = {};
  friend bool operator==(const ResolverOptions&, const ResolverOptions&) = default;
};

// The kind of address that could not be found out, while the other kind was: whether there are any is not known.
enum class Missing : std::uint8_t { nothing, v4, v6 };

struct AddressAnswer {
  std::vector<IpAddress> addresses;  // A and AAAA, each once, in a stable order; never empty
  Duration ttl{};                    // the least of the records'; 0 from the hosts file
  Missing missing = Missing::nothing;
};

// RFC 2782.
struct ServiceRecord {
  std::string target;  // host name, without the last dot
  std::uint16_t port = 0;
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  friend auto operator<=>(const ServiceRecord&, const ServiceRecord&) = default;
};

struct ServiceAnswer {
  std::vector<ServiceRecord> records;  // sorted; never empty
  Duration ttl{};
};

class Resolver {
 public:
  using OnAddresses = std::move_only_function<void(Result<AddressAnswer>)>;
  using OnServices = std::move_only_function<void(Result<ServiceAnswer>)>;

  // The text of resolv.conf(5), which says the nameservers and search domains of the system; empty where there is none.
  // Blocks for a small file.
  [[nodiscard]] static std::string read_system(const std::string& path = "/etc/resolv.conf");

  // invalid_config for a nameserver that cannot be understood.
  [[nodiscard]] static Result<std::unique_ptr<Resolver>> create(Loop& loop, const ResolverOptions& options);
  // Drops every question under way without a call.
  virtual ~Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The answer comes from the loop, never from inside. Errors: not_found (NXDOMAIN, or no record of the kind),
  // timed_out (no nameserver answered), malformed, and unavailable (SERVFAIL, REFUSED and all else).
  virtual void look_up_addresses(const std::string& host, OnAddresses done) = 0;
  virtual void look_up_services(const std::string& name, OnServices done) = 0;

 protected:
  Resolver() = default;
};

}  // namespace hawser::event
