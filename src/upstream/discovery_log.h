// What discovery tells the operator: once when something begins to fail, once when it works again, and each change of
// the servers of an upstream. Main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "log/logger.h"
#include "upstream/known_names.h"
#include "upstream/member.h"
#include "upstream/member_list.h"

namespace hawser::upstream {

class DiscoveryLog {
 public:
  // Null: nothing is logged.
  explicit DiscoveryLog(log::Logger* logger) noexcept : logger_(logger) {}

  enum class NameState : std::uint8_t { sound, lacks_a_kind, fails };
  // A kind of address that is missing but never was there, as with nameservers that fail on every AAAA, is no news.
  [[nodiscard]] static NameState state_of(const KnownName& name);
  // Says what became of a name that was `before`.
  void name_answered(const Question& question, const KnownName& name, NameState before);
  void file_reports(const std::string& path, const KnownFile& file);
  void file_works_again(const std::string& path, const KnownFile& file);
  // The servers of its file break rules of the upstream. Nothing without errors.
  void servers_refused(const std::string& upstream, const config::Diagnostics& errors, std::size_t kept_servers);
  // Some of a name's servers are left out, or no longer are.
  void names_crowded(const std::string& upstream, const CrowdedNames& before, const CrowdedNames& after);
  void servers_changed(const std::string& upstream, const Members& before, const Members& after);

 private:
  void name_fails(const Question& question, const KnownName& name);
  void name_lacks_a_kind(const Question& question, const KnownName& name);
  void name_works_again(const Question& question, const KnownName& name);

  log::Logger* logger_;
};

}  // namespace hawser::upstream
