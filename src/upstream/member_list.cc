#include "upstream/member_list.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "config/upstream_checks.h"
#include "upstream/service_targets.h"

namespace hawser::upstream {

namespace {

using config::Diagnostic;
using config::Severity;

// What a member is called when its name has one address only.
enum class Naming : std::uint8_t { as_written, by_address };

std::string without_last_dot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::string(host);
}

// Why `what`, a name that is asked for, has no address.
std::string reason_of(const std::string& what, const KnownName* name) {
  const std::string cannot = "cannot resolve " + what + ": ";
  if (name == nullptr || !name->failure) return cannot + "no answer yet";
  switch (name->failure->code) {
    case ErrorCode::not_found:
      return cannot + "no such name";
    case ErrorCode::timed_out:
      return cannot + "no nameserver answered";
    case ErrorCode::unavailable:  // the resolver's own words name it
      return name->failure->message;
    default:
      return cannot + name->failure->message;
  }
}

class MemberList {
 public:
  MemberList(const KnownNames& known, config::Diagnostics& diagnostics) : known_(known), diagnostics_(diagnostics) {}

  void add_server(const config::Server& server, Naming naming, std::uint32_t priority = 0) {
    const auto literal = SocketAddress::parse(server.address);
    if (literal) return add_literal(server, *literal, naming, priority);
    const auto parts = split_host_port(server.address);
    if (parts && literal.error().code == ErrorCode::not_found) {
      room_ = kMostMembersOfName;
      if (!add_host({server, address_question(parts->host), *parts, naming, priority})) {
        report_crowded(without_last_dot(parts->host), server.where);
      }
      return;
    }
    diagnostics_.push_back({server.where, literal.error().message});
  }

  void add_service(const config::Discover& discover) {
    const Question question = service_question(discover.srv);
    config::Server settings;
    settings.where = discover.where;
    settings.address = discover.srv;
    const NameAnswer* answer = known_.answer_to(question);
    if (answer == nullptr) return add_unresolved(settings, discover.srv, question, 0);
    room_ = kMostMembersOfName;
    bool is_crowded = answer->records.size() > kMostMembersOfName;
    std::set<std::uint16_t> priorities;
    for (const event::ServiceRecord& record : service_targets(answer->records)) {
      priorities.insert(record.priority);
      const HostPort place{record.target, record.port};
      settings.address = to_string(place);
      settings.weight = record.weight;
      is_crowded |= !add_target(settings, place, static_cast<std::uint32_t>(priorities.size() - 1));
    }
    if (is_crowded) report_crowded(discover.srv, discover.where);
  }

  void add_file(const config::Upstream& upstream) {
    const config::Discover& discover = upstream.discover;
    const KnownFile* file = known_.find_file(discover.file);
    if (file == nullptr) {
      diagnostics_.push_back({discover.where, "'" + discover.file + "' was not read yet"});
      return;
    }
    report_file(*file, discover);
    if (!file->servers) return;
    config::Upstream checked = upstream;
    checked.servers = *file->servers;
    config::check_upstream(checked, diagnostics_);
    for (const config::Server& server : *file->servers) add_server(server, Naming::as_written);
  }

  void add_written(const config::Upstream& upstream) {
    for (const config::Server& server : upstream.servers) add_server(server, Naming::as_written);
  }

  void add_members(const Members& members) {
    for (const Member& member : members) {
      if (member.is_resolved) add(member);
    }
  }

  [[nodiscard]] Members take() { return std::move(members_); }
  [[nodiscard]] const CrowdedNames& crowded() const noexcept { return crowded_; }

 private:
  // A server whose address is a name.
  struct NamedServer {
    const config::Server& settings;
    Question question;
    HostPort place;
    Naming naming;
    std::uint32_t priority;
  };

  static std::string to_string(const HostPort& place) {
    const bool is_v6 = place.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + place.host + "]" : place.host) + ":" + std::to_string(place.port);
  }

  // False where there was no room for all; the same with add_host().
  [[nodiscard]] bool add_target(const config::Server& settings, const HostPort& place, std::uint32_t priority) {
    if (const auto ip = IpAddress::parse(place.host)) {
      return add_in_room({.name = settings.address,
                          .address = SocketAddress(IpEndpoint{*ip, place.port}),
                          .host = ip->to_string(),
                          .settings = settings,
                          .priority = priority});
    }
    return add_host({settings, target_question(place.host), place, Naming::by_address, priority});
  }

  void add_literal(const config::Server& server, const SocketAddress& address, Naming naming, std::uint32_t priority) {
    const IpEndpoint* endpoint = address.ip();
    const bool is_new = add({.name = server.address,
                             .address = address,
                             .host = endpoint != nullptr ? endpoint->address.to_string() : "",
                             .settings = server,
                             .priority = priority});
    if (is_new || naming == Naming::by_address) return;
    diagnostics_.push_back(
        {server.where, "a server above has the same address; this one is left out", Severity::warning});
  }

  [[nodiscard]] bool add_host(const NamedServer& server) {
    const std::string host = without_last_dot(server.place.host);
    const NameAnswer* answer = known_.answer_to(server.question);
    if (answer == nullptr) {
      if (room_ == 0) return false;
      --room_;
      add_unresolved(server.settings, host, server.question, server.priority);
      return true;
    }
    const bool is_written = server.naming == Naming::as_written && answer->addresses.size() == 1;
    for (const IpAddress& ip : answer->addresses) {
      const SocketAddress address(IpEndpoint{ip, server.place.port});
      if (!add_in_room({.name = is_written ? server.settings.address : address.to_string(),
                        .address = address,
                        .host = host,
                        .settings = server.settings,
                        .priority = server.priority})) {
        return false;
      }
    }
    return true;
  }

  // False where it is new and there is no room for it.
  [[nodiscard]] bool add_in_room(Member member) {
    if (addresses_.contains(member.address)) return true;
    if (room_ == 0) return false;
    --room_;
    (void)add(std::move(member));
    return true;
  }

  void report_crowded(const std::string& name, const config::Location& where) {
    if (!crowded_.insert(name).second) return;
    diagnostics_.push_back(
        {where, name + " has more than " + std::to_string(kMostMembersOfName) + " servers; the rest are left out",
         Severity::warning});
  }

  void add_unresolved(const config::Server& server, const std::string& host, const Question& question,
                      std::uint32_t priority) {
    if (!unresolved_.insert(server.address).second) return;
    const std::string reason = reason_of(host, known_.find(question));
    diagnostics_.push_back({server.where, reason + "; it takes no session until it resolves", Severity::warning});
    members_.push_back({.name = server.address,
                        .address = {},
                        .is_resolved = false,
                        .host = host,
                        .settings = server,
                        .priority = priority});
  }

  // What has no place within the file, as that it is missing, is said at the place that names it.
  void report_file(const KnownFile& file, const config::Discover& discover) {
    for (Diagnostic diagnostic : file.diagnostics) {
      if (diagnostic.where.line == 0) {
        diagnostic.message = "'" + diagnostic.where.file + "': " + diagnostic.message;
        diagnostic.where = discover.where;
        if (!diagnostic.where.path.empty()) diagnostic.where.path += ".file";
      }
      if (file.servers) diagnostic.severity = Severity::warning;
      if (file.servers && !file.is_sound) diagnostic.message += "; the servers read before are kept";
      diagnostics_.push_back(std::move(diagnostic));
    }
  }

  // Of two with one address the first counts.
  bool add(Member member) {
    if (!addresses_.insert(member.address).second) return false;
    members_.push_back(std::move(member));
    return true;
  }

  const KnownNames& known_;
  config::Diagnostics& diagnostics_;
  Members members_;
  std::set<SocketAddress> addresses_;
  std::set<std::string> unresolved_;
  CrowdedNames crowded_;
  std::size_t room_ = 0;  // for members that the name or service at hand brings
};

}  // namespace

Members list_members(const config::Upstream& upstream, const KnownNames& known, config::Diagnostics& diagnostics,
                     CrowdedNames* crowded) {
  MemberList list(known, diagnostics);
  list.add_written(upstream);
  const config::Discover& discover = upstream.discover;
  if (!discover.dns.empty()) {
    config::Server settings;
    settings.address = discover.dns;
    settings.where = discover.where;
    list.add_server(settings, Naming::by_address);
  }
  if (!discover.srv.empty()) list.add_service(discover);
  if (!discover.file.empty()) list.add_file(upstream);
  if (crowded != nullptr) *crowded = list.crowded();
  return list.take();
}

Members list_members_with(const config::Upstream& upstream, const KnownNames& known, const Members& discovered,
                          config::Diagnostics& diagnostics, CrowdedNames* crowded) {
  MemberList list(known, diagnostics);
  list.add_written(upstream);
  list.add_members(discovered);
  if (crowded != nullptr) *crowded = list.crowded();
  return list.take();
}

}  // namespace hawser::upstream
