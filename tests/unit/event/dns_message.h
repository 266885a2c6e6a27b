// DNS messages by hand, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"

namespace hawser::event::dns {

using Bytes = std::vector<unsigned char>;

enum class Code : unsigned char { no_error = 0, server_failure = 2, no_such_name = 3, refused = 5 };
enum class Type : unsigned char { a = 1, cname = 5, aaaa = 28, srv = 33 };

inline void add_number(Bytes& to, unsigned number) {
  to.push_back(static_cast<unsigned char>(number >> 8U));
  to.push_back(static_cast<unsigned char>(number & 0xffU));
}

inline Bytes name(std::string_view text) {
  Bytes wire;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    wire.push_back(static_cast<unsigned char>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
    text.remove_prefix(label.size() == text.size() ? label.size() : label.size() + 1);
  }
  wire.push_back(0);
  return wire;
}

inline Bytes record_of(Bytes owner, Type type, std::uint32_t ttl, const Bytes& data) {
  Bytes wire = std::move(owner);
  wire.insert(wire.end(), {0, static_cast<unsigned char>(type), 0, 1});
  add_number(wire, ttl >> 16U);
  add_number(wire, ttl & 0xffffU);
  add_number(wire, static_cast<unsigned>(data.size()));
  wire.insert(wire.end(), data.begin(), data.end());
  return wire;
}

// Of the name asked for, which stands at byte 12 of the message.
inline Bytes record(Type type, std::uint32_t ttl, const Bytes& data) { return record_of({0xc0, 12}, type, ttl, data); }

inline Bytes address(std::string_view text, std::uint32_t ttl = 60) {
  const IpAddress parsed = IpAddress::parse(text).value();
  const auto& bytes = parsed.bytes();
  return parsed.is_v6() ? record(Type::aaaa, ttl, Bytes(bytes.begin(), bytes.end()))
                        : record(Type::a, ttl, Bytes(bytes.begin(), bytes.begin() + 4));
}

inline Bytes alias(std::string_view target, std::uint32_t ttl) { return record(Type::cname, ttl, name(target)); }

struct Service {
  unsigned priority;
  unsigned weight;
  unsigned port;
  std::string target;
};

inline Bytes service(const Service& described, std::uint32_t ttl = 60) {
  Bytes data;
  add_number(data, described.priority);
  add_number(data, described.weight);
  add_number(data, described.port);
  const Bytes target = name(described.target);
  data.insert(data.end(), target.begin(), target.end());
  return record(Type::srv, ttl, data);
}

inline Bytes question(std::string_view asked, Type type) {
  Bytes wire = name(asked);
  wire.insert(wire.end(), {0, static_cast<unsigned char>(type), 0, 1});
  return wire;
}

enum class Truncation : std::uint8_t { whole, truncated };

// An answer to the query with the number `id` and this question.
inline Bytes message(unsigned id, const Bytes& asked, Code code, const std::vector<Bytes>& records,
                     Truncation truncation = Truncation::whole) {
  Bytes wire;
  add_number(wire, id);
  wire.push_back(truncation == Truncation::truncated ? 0x87 : 0x85);
  wire.push_back(static_cast<unsigned char>(0x80U | static_cast<unsigned>(code)));
  add_number(wire, 1);
  add_number(wire, static_cast<unsigned>(records.size()));
  add_number(wire, 0);
  add_number(wire, 0);
  wire.insert(wire.end(), asked.begin(), asked.end());
  for (const Bytes& one : records) wire.insert(wire.end(), one.begin(), one.end());
  return wire;
}

}  // namespace hawser::event::dns
