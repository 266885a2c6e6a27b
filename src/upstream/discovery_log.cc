#include "upstream/discovery_log.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include "upstream/service_targets.h"

namespace hawser::upstream {

namespace {

// More addresses than these make no line that anyone reads.
constexpr std::size_t kMostListed = 8;

using ByAddress = std::map<SocketAddress, const Member*>;

ByAddress resolved(const Members& members) {
  ByAddress found;
  for (const Member& member : members) {
    if (member.is_resolved) found.emplace(member.address, &member);
  }
  return found;
}

struct AddressList {
  std::int64_t count = 0;
  std::string text;

  void add(const SocketAddress& address) {
    ++count;
    if (static_cast<std::size_t>(count) <= kMostListed) text += (text.empty() ? "" : " ") + address.to_string();
  }
};

AddressList missing_in(const ByAddress& others, const ByAddress& members) {
  AddressList missing;
  for (const auto& [address, member] : members) {
    if (!others.contains(address)) missing.add(address);
  }
  return missing;
}

std::int64_t count_altered(const ByAddress& before, const ByAddress& after) {
  return std::count_if(after.begin(), after.end(), [&](const auto& entry) {
    const auto old = before.find(entry.first);
    return old != before.end() && !(*old->second == *entry.second);
  });
}

void add_list(log::LineBuilder& line, const std::string& key, const AddressList& list) {
  line.add(key, list.count);
  const bool is_short = static_cast<std::size_t>(list.count) <= kMostListed;
  if (list.count > 0 && is_short) line.add(key + "_servers", list.text);
}

std::string kept(std::size_t count) {
  if (count == 0) return "no server known";
  return "keeping " + std::to_string(count) + (count == 1 ? " server" : " servers");
}

}  // namespace

DiscoveryLog::NameState DiscoveryLog::state_of(const KnownName& name) {
  if (name.failures > 0) return NameState::fails;
  return name.count_kept() > 0 ? NameState::lacks_a_kind : NameState::sound;
}

void DiscoveryLog::name_answered(const Question& question, const KnownName& name, NameState before) {
  const NameState after = state_of(name);
  if (logger_ == nullptr || after == before) return;
  switch (after) {
    case NameState::fails:
      return name_fails(question, name);
    case NameState::lacks_a_kind:
      return name_lacks_a_kind(question, name);
    case NameState::sound:
      return name_works_again(question, name);
  }
}

void DiscoveryLog::name_lacks_a_kind(const Question& question, const KnownName& name) {
  const bool is_v6 = name.answer->missing == event::Missing::v6;
  log::LineBuilder line("cannot resolve a name completely");
  line.add("name", question.name).add("missing", is_v6 ? "AAAA" : "A").add("result", kept(name.count_kept()));
  logger_->write(log::Level::warn, line.text());
}

void DiscoveryLog::name_fails(const Question& question, const KnownName& name) {
  if (!name.failure) return;
  log::LineBuilder line("cannot resolve a name");
  line.add("name", question.name).add("error", name.failure->message);
  line.add("result", kept(name.answer ? name.answer->size() : 0));
  logger_->write(log::Level::warn, line.text());
}

void DiscoveryLog::name_works_again(const Question& question, const KnownName& name) {
  if (!name.answer) return;
  log::LineBuilder line("a name resolves again");
  line.add("name", question.name).add("servers", static_cast<std::int64_t>(name.answer->size()));
  logger_->write(log::Level::info, line.text());
}

void DiscoveryLog::file_reports(const std::string& path, const KnownFile& file) {
  if (logger_ == nullptr) return;
  for (const config::Diagnostic& diagnostic : file.diagnostics) {
    log::LineBuilder line(file.is_sound ? "a file of servers was read" : "cannot read a file of servers");
    line.add("file", path).add(file.is_sound ? "warning" : "error", config::to_string(diagnostic));
    if (!file.is_sound) line.add("result", kept(file.servers ? file.servers->size() : 0));
    logger_->write(log::Level::warn, line.text());
  }
}

void DiscoveryLog::file_works_again(const std::string& path, const KnownFile& file) {
  if (logger_ == nullptr || !file.servers) return;
  log::LineBuilder line("a file of servers can be read again");
  line.add("file", path).add("servers", static_cast<std::int64_t>(file.servers->size()));
  logger_->write(log::Level::info, line.text());
}

void DiscoveryLog::servers_refused(const std::string& upstream, const config::Diagnostics& errors,
                                   std::size_t kept_servers) {
  if (logger_ == nullptr) return;
  for (const config::Diagnostic& diagnostic : errors) {
    if (diagnostic.severity != config::Severity::error) continue;
    log::LineBuilder line("cannot use a file of servers");
    line.add("upstream", upstream).add("error", config::to_string(diagnostic)).add("result", kept(kept_servers));
    logger_->write(log::Level::warn, line.text());
  }
}

void DiscoveryLog::names_crowded(const std::string& upstream, const CrowdedNames& before, const CrowdedNames& after) {
  if (logger_ == nullptr) return;
  const auto write = [&](const std::string& event, const std::string& name) {
    log::LineBuilder line(event);
    line.add("upstream", upstream).add("name", name).add("limit", static_cast<std::int64_t>(kMostMembersOfName));
    logger_->write(log::Level::warn, line.text());
  };
  for (const std::string& name : after) {
    if (!before.contains(name)) write("a name has too many servers, the rest are left out", name);
  }
  for (const std::string& name : before) {
    if (!after.contains(name)) write("no server of a name is left out any more", name);
  }
}

void DiscoveryLog::servers_changed(const std::string& upstream, const Members& before, const Members& after) {
  if (logger_ == nullptr) return;
  const ByAddress old_ones = resolved(before);
  const ByAddress new_ones = resolved(after);
  log::LineBuilder line("servers of an upstream changed");
  line.add("upstream", upstream);
  add_list(line, "added", missing_in(old_ones, new_ones));
  add_list(line, "removed", missing_in(new_ones, old_ones));
  line.add("altered", count_altered(old_ones, new_ones)).add("servers", static_cast<std::int64_t>(new_ones.size()));
  logger_->write(log::Level::info, line.text());
}

}  // namespace hawser::upstream
