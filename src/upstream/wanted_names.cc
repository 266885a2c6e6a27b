#include "upstream/wanted_names.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/socket_address.h"
#include "upstream/known_names.h"
#include "upstream/service_targets.h"

namespace hawser::upstream {

namespace {

// Whatever the file says, nobody is asked more often than this.
constexpr Duration kLeastPause = std::chrono::milliseconds(100);

RefreshLimits limits_of(const config::Resolve& resolve) {
  const Duration least = std::max(kLeastPause, resolve.min);
  return {least, std::max(least, resolve.max)};
}

class Collector {
 public:
  Collector(const config::Upstream& upstream, const KnownNames& known)
      : known_(known), limits_(limits_of(upstream.resolve)) {}

  void add_address(std::string_view address) {
    if (address.starts_with("unix:")) return;
    const auto parts = split_host_port(address);
    if (parts && !parts->host.empty() && !IpAddress::parse(parts->host)) add(address_question(parts->host));
  }

  void add_service(std::string_view name) {
    const Question question = service_question(name);
    add(question);
    const NameAnswer* answer = known_.answer_to(question);
    if (answer == nullptr) return;
    for (const event::ServiceRecord& record : service_targets(answer->records)) add_target(record.target);
  }

  void add_file(const std::string& path) {
    wanted_.files.insert(path);
    const KnownFile* file = known_.find_file(path);
    if (file == nullptr || !file->servers) return;
    for (const config::Server& server : *file->servers) add_address(server.address);
  }

  [[nodiscard]] WantedNames take() { return std::move(wanted_); }

 private:
  void add_target(std::string_view target) {
    if (!target.empty() && !IpAddress::parse(target)) add(target_question(target));
  }

  void add(const Question& question) { wanted_.add(question, limits_); }

  const KnownNames& known_;
  RefreshLimits limits_;
  WantedNames wanted_;
};

}  // namespace

Question address_question(std::string_view host) { return {QuestionKind::addresses, lowercase(host)}; }

Question target_question(std::string_view target) {
  const std::string dot = target.ends_with('.') ? "" : ".";
  return {QuestionKind::addresses, lowercase(target) + dot};
}

Question service_question(std::string_view name) { return {QuestionKind::services, lowercase(name)}; }

void WantedNames::add(const Question& question, const RefreshLimits& limits) {
  const auto [place, is_new] = questions.try_emplace(question, limits);
  if (is_new) return;
  place->second.min = std::min(place->second.min, limits.min);
  place->second.max = std::min(place->second.max, limits.max);
}

void WantedNames::add(const WantedNames& other) {
  for (const auto& [question, limits] : other.questions) add(question, limits);
  files.insert(other.files.begin(), other.files.end());
}

WantedNames names_wanted_by(const config::Upstream& upstream, const KnownNames& known) {
  Collector collector(upstream, known);
  for (const config::Server& server : upstream.servers) collector.add_address(server.address);
  const config::Discover& discover = upstream.discover;
  if (!discover.dns.empty()) collector.add_address(discover.dns);
  if (!discover.srv.empty()) collector.add_service(discover.srv);
  if (!discover.file.empty()) collector.add_file(discover.file);
  return collector.take();
}

}  // namespace hawser::upstream
