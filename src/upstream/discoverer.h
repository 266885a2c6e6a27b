// The logic of discovery without a loop: what to ask when, what to keep of the answers, and whom to tell. Its owner
// calls advance() when asked to, and at next_due(); nobody is called from inside an answer. Owned by Discovery; main
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/rng.h"
#include "config/config.h"
#include "log/logger.h"
#include "upstream/discovery_log.h"
#include "upstream/file_watch.h"
#include "upstream/known_names.h"
#include "upstream/member.h"
#include "upstream/member_choice.h"
#include "upstream/name_asker.h"
#include "upstream/preparation.h"
#include "upstream/refresh_plan.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

class Discoverer {
 public:
  // How often a watched file is looked at.
  static constexpr Duration kFilePause = std::chrono::seconds(1);

  using OnChange = std::function<void(const std::string& upstream)>;

  struct Surroundings {
    const Clock& clock;
    MakeResolver make_resolver;
    ReadServerList read_servers;
    std::function<std::string()> read_system;  // what resolv.conf(5) says now
    std::function<void()> wake;                // advance() has something to do at once, or next_due() became earlier
    log::Logger* logger = nullptr;
    Rng rng{0};
  };

  // `known` is never null.
  Discoverer(Surroundings surroundings, std::shared_ptr<KnownNames> known);
  Discoverer(const Discoverer&) = delete;
  Discoverer& operator=(const Discoverer&) = delete;

  // As Discovery has them; `done` and `on_change` are called from advance(), or `done` from inside prepare().
  void prepare(const config::Configuration& configuration, Duration at_most, Preparation::Done done);
  void watch(const config::Configuration& configuration, OnChange on_change);
  // Of a watched upstream what was found last that was good, as choose_members() has it.
  [[nodiscard]] Members members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const;
  [[nodiscard]] const std::shared_ptr<KnownNames>& known() const noexcept { return known_; }

  // Asks what is due, looks at the files, and tells what there is to tell.
  void advance();
  [[nodiscard]] std::optional<TimePoint> next_due() const;

 private:
  struct WatchedUpstream {
    config::Upstream upstream;
    WantedNames wanted;
    Members members;
    Members discovered;  // those of them that are not written in the configuration
    CrowdedNames crowded;
    bool is_dirty = false;      // something came that its members may depend on
    bool must_be_told = false;  // even where the members look the same: whoever listens does not know them
  };

  [[nodiscard]] ChosenMembers choose(const config::Upstream& upstream, config::Diagnostics& diagnostics) const;
  [[nodiscard]] event::ResolverOptions options_of(const config::Resolver& resolver) const;
  [[nodiscard]] std::unique_ptr<NameAsker> make_asker(const event::ResolverOptions& options);
  void take_asker(const event::ResolverOptions& options);
  void on_answer(const NameAsker& asker, const Question& question, Result<NameAnswer> answer);
  void mark_dirty(const Question& question);
  void mark_dirty_by_file(const std::string& path);

  void ask_for_preparation();
  [[nodiscard]] bool is_preparing_with(const NameAsker& asker) const noexcept;
  [[nodiscard]] bool is_waited_for(const Question& question) const;
  void finish_preparation();

  void look_at_files();
  void ask_due();
  void want_again();
  void forget_unwanted(const WantedNames& before);
  [[nodiscard]] std::vector<std::string> publish();
  void tell(const std::vector<std::string>& changed);
  [[nodiscard]] bool renew_members(WatchedUpstream& watched);

  Surroundings around_;
  DiscoveryLog log_;
  std::shared_ptr<KnownNames> known_;
  RefreshPlan plan_;
  std::unique_ptr<NameAsker> asker_;
  std::optional<Preparation> preparation_;
  std::vector<WatchedUpstream> watched_;  // those that depend on a name or a file
  WantedNames wanted_;                    // by all of them
  OnChange on_change_;
  TimePoint files_due_{};
};

}  // namespace hawser::upstream
