// Which names and files must be known for the members of an upstream: those that its configuration writes, and those
// that answers and files lead to. Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "config/config.h"

namespace hawser::upstream {

class KnownNames;

enum class QuestionKind : std::uint8_t { addresses, services };

struct Question {
  QuestionKind kind = QuestionKind::addresses;
  std::string name;  // lower case
  friend auto operator<=>(const Question&, const Question&) = default;
};

[[nodiscard]] Question address_question(std::string_view host);
// Of an SRV record, whose target is a full name (RFC 2782): no search domain is added to it.
[[nodiscard]] Question target_question(std::string_view target);
[[nodiscard]] Question service_question(std::string_view name);

// An answer is used no longer than `max`, and asked for no sooner than `min`.
struct RefreshLimits {
  Duration min{};
  Duration max{};
};

struct WantedNames {
  std::map<Question, RefreshLimits> questions;
  std::set<std::string> files;

  // Of two limits for one question the smaller ones hold.
  void add(const Question& question, const RefreshLimits& limits);
  void add(const WantedNames& other);
};

[[nodiscard]] WantedNames names_wanted_by(const config::Upstream& upstream, const KnownNames& known);

}  // namespace hawser::upstream
