#include "event/dns_answer.h"

#include <arpa/nameser.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"

namespace hawser::event {

namespace {

std::unexpected<Error> malformed() {
  return failure(ErrorCode::malformed, "malformed answer from the nameserver", Side::server);
}

std::unexpected<Error> empty() {
  return failure(ErrorCode::not_found, "the name has no record of this kind", Side::server);
}

// RFC 2181, section 8: a TTL with the highest bit set is zero.
Duration ttl_of(const ns_rr& record) {
  constexpr std::uint32_t kHighest = 0x7fffffff;
  return std::chrono::seconds(ns_rr_ttl(record) > kHighest ? 0 : ns_rr_ttl(record));
}

std::string owner_of(const ns_rr& record) { return lowercase(ns_rr_name(record)); }

std::string alias_of(ns_msg& message, const std::string& name) {
  std::array<char, NS_MAXDNAME> target{};
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) break;
    if (ns_rr_class(record) != ns_c_in || ns_rr_type(record) != ns_t_cname || owner_of(record) != name) continue;
    if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record), target.data(),
                           target.size()) >= 0) {
      return lowercase(target.data());
    }
  }
  return {};
}

// The name that was asked for and those that its aliases lead to. Whoever chains more of them gets no further.
std::vector<std::string> names_answered_for(ns_msg& message) {
  constexpr std::size_t kMostNames = 16;
  std::vector<std::string> names;
  ns_rr question;
  if (ns_parserr(&message, ns_s_qd, 0, &question) != 0) return names;
  std::string name = owner_of(question);
  while (!name.empty() && names.size() < kMostNames && std::ranges::find(names, name) == names.end()) {
    names.push_back(name);
    name = alias_of(message, name);
  }
  return names;
}

// Calls `take(message, record)`, which says false for a broken record, for each record of a type that `wants` says yes
// to. The least TTL of those and of the aliases before them; nothing for a broken message.
template <class Wants, class Take>
std::optional<Duration> walk(std::span<const unsigned char> message, Wants wants, Take take) {
  ns_msg parsed;
  if (ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) != 0) return std::nullopt;
  const std::vector<std::string> names = names_answered_for(parsed);
  Duration least = Duration::max();
  for (int i = 0; i < ns_msg_count(parsed, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&parsed, ns_s_an, i, &record) != 0) return std::nullopt;
    if (ns_rr_class(record) != ns_c_in || std::ranges::find(names, owner_of(record)) == names.end()) continue;
    const bool is_wanted = wants(ns_rr_type(record));
    if (is_wanted || ns_rr_type(record) == ns_t_cname) least = std::min(least, ttl_of(record));
    if (is_wanted && !take(parsed, record)) return std::nullopt;
  }
  return least;
}

template <class Value>
void sort_each_once(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::optional<IpAddress> address_of(const ns_rr& record) {
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  const bool is_v6 = ns_rr_type(record) == ns_t_aaaa;
  if (ns_rr_rdlen(record) != (is_v6 ? v6.size() : v4.size())) return std::nullopt;
  std::memcpy(is_v6 ? v6.data() : v4.data(), ns_rr_rdata(record), ns_rr_rdlen(record));
  return is_v6 ? IpAddress::from_v6(v6) : IpAddress::from_v4(v4);
}

std::uint16_t number_at(const unsigned char* bytes) noexcept {
  return static_cast<std::uint16_t>(bytes[0] << 8U | bytes[1]);
}

std::optional<ServiceRecord> service_of(const ns_msg& message, const ns_rr& record) {
  constexpr int kNumbers = 6;
  const unsigned char* data = ns_rr_rdata(record);
  if (ns_rr_rdlen(record) <= kNumbers) return std::nullopt;
  std::array<char, NS_MAXDNAME> target{};
  const int used = ns_name_uncompress(ns_msg_base(message), data + ns_rr_rdlen(record), data + kNumbers, target.data(),
                                      target.size());
  if (used != ns_rr_rdlen(record) - kNumbers) return std::nullopt;
  ServiceRecord service;
  service.priority = number_at(data);
  service.weight = number_at(data + 2);
  service.port = number_at(data + 4);
  service.target = lowercase(target.data());
  return service;
}

bool has_place(const ServiceRecord& service) noexcept {
  return !service.target.empty() && service.target != "." && service.port != 0;
}

}  // namespace

Result<AddressAnswer> parse_addresses(std::span<const unsigned char> message) {
  AddressAnswer answer;
  const auto ttl = walk(
      message, [](int type) { return type == ns_t_a || type == ns_t_aaaa; },
      [&answer](const ns_msg&, const ns_rr& record) {
        const auto address = address_of(record);
        if (address) answer.addresses.push_back(*address);
        return address.has_value();
      });
  if (!ttl) return malformed();
  if (answer.addresses.empty()) return empty();
  sort_each_once(answer.addresses);
  answer.ttl = *ttl;
  return answer;
}

Result<ServiceAnswer> parse_services(std::span<const unsigned char> message) {
  ServiceAnswer answer;
  const auto ttl = walk(
      message, [](int type) { return type == ns_t_srv; },
      [&answer](const ns_msg& parsed, const ns_rr& record) {
        auto service = service_of(parsed, record);
        if (service && has_place(*service)) answer.records.push_back(*service);
        return service.has_value();
      });
  if (!ttl) return malformed();
  if (answer.records.empty()) return empty();
  sort_each_once(answer.records);
  answer.ttl = *ttl;
  return answer;
}

}  // namespace hawser::event
