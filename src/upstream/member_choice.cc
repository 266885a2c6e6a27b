#include "upstream/member_choice.h"

#include <algorithm>
#include <utility>

#include "config/upstream_checks.h"
#include "upstream/member_list.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

namespace {

bool has_resolved(const Members& members) {
  return std::any_of(members.begin(), members.end(), [](const Member& member) { return member.is_resolved; });
}

config::Upstream without_servers(config::Upstream upstream) {
  upstream.servers.clear();
  return upstream;
}

// Whether the upstream as it is configured now may have these. Rules bind unix sockets alone.
bool is_allowed(const Members& members, config::Upstream upstream) {
  upstream.servers.clear();
  for (const Member& member : members) {
    if (member.is_resolved && member.address.ip() == nullptr) upstream.servers.push_back(member.settings);
  }
  config::Diagnostics diagnostics;
  config::check_upstream(upstream, diagnostics);
  return !config::has_errors(diagnostics);
}

// A file that nobody could read yet breaks no rule; it is an error by itself.
bool has_contents(const config::Discover& discover, const KnownNames& known) {
  const KnownFile* file = known.find_file(discover.file);
  return file != nullptr && file->servers.has_value();
}

// Whether what was found before is better: a new name was not tried yet, or none of the new names has an address.
bool is_half_an_answer(const Members& found, const Members& before, const config::Upstream& discovering,
                       const KnownNames& known) {
  if (!has_resolved(before)) return false;
  return !known.were_tried(names_wanted_by(discovering, known)) || (!found.empty() && !has_resolved(found));
}

void keep_no_error(const config::Upstream& upstream, config::Diagnostics& diagnostics) {
  for (config::Diagnostic& diagnostic : diagnostics) diagnostic.severity = config::Severity::warning;
  diagnostics.push_back(
      {upstream.discover.where, "the servers that were found before are kept", config::Severity::warning});
}

}  // namespace

ChosenMembers choose_members(const config::Upstream& upstream, const KnownNames& known, const Members* before,
                             config::Diagnostics& diagnostics) {
  const config::Upstream discovering = without_servers(upstream);
  config::Diagnostics of_discovery;
  ChosenMembers chosen;
  chosen.discovered = list_members(discovering, known, of_discovery);
  const bool is_erroneous = config::has_errors(of_discovery) && has_contents(upstream.discover, known);
  const bool is_kept = before != nullptr && is_allowed(*before, upstream) &&
                       (is_erroneous || is_half_an_answer(chosen.discovered, *before, discovering, known));
  if (!is_kept) {
    chosen.members = list_members(upstream, known, diagnostics, &chosen.crowded);
    return chosen;
  }
  if (is_erroneous) chosen.errors = of_discovery;
  chosen.discovered = *before;
  chosen.members = list_members_with(upstream, known, chosen.discovered, diagnostics, &chosen.crowded);
  keep_no_error(upstream, of_discovery);
  diagnostics.insert(diagnostics.end(), of_discovery.begin(), of_discovery.end());
  return chosen;
}

bool is_same_discovery(const config::Discover& one, const config::Discover& other) noexcept {
  return one.dns == other.dns && one.srv == other.srv && one.file == other.file;
}

}  // namespace hawser::upstream
