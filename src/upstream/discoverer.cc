#include "upstream/discoverer.h"

#include <algorithm>
#include <utility>

namespace hawser::upstream {

Discoverer::Discoverer(Surroundings surroundings, std::shared_ptr<KnownNames> known)
    : around_(std::move(surroundings)), log_(around_.logger), known_(std::move(known)), plan_(around_.rng) {}

// What the system says counts beside nameservers of the configuration's own too: search domains go with any nameserver.
event::ResolverOptions Discoverer::options_of(const config::Resolver& resolver) const {
  return {.nameservers = resolver.nameservers,
          .timeout = resolver.timeout,
          .tries = resolver.attempts,
          .system = around_.read_system()};
}

std::unique_ptr<NameAsker> Discoverer::make_asker(const event::ResolverOptions& options) {
  return std::make_unique<NameAsker>(
      around_.make_resolver, options,
      [this](const NameAsker& asker, const Question& question, Result<NameAnswer> answer) {
        on_answer(asker, question, std::move(answer));
      });
}

void Discoverer::prepare(const config::Configuration& configuration, Duration at_most, Preparation::Done done) {
  preparation_.emplace(configuration.upstreams, around_.clock.now() + at_most, std::move(done));
  const event::ResolverOptions options = options_of(configuration.resolver);
  if (!asker_) asker_ = make_asker(options);
  if (asker_->options() != options) preparation_->asker = make_asker(options);
  plan_.hurry_failing(*known_);
  ask_due();
  ask_for_preparation();
  if (preparation_->is_complete()) return finish_preparation();
  around_.wake();
}

void Discoverer::ask_for_preparation() {
  for (const std::string& path : preparation_->take_files(*known_)) {
    const FileNews news = refresh_file(path, around_.read_servers, known_->file(path));
    if (news != FileNews::none) mark_dirty_by_file(path);
  }
  NameAsker& asker = preparation_->asker ? *preparation_->asker : *asker_;
  for (const Question& question : preparation_->take_questions(*known_)) {
    if (is_waited_for(question)) preparation_->wait_for(question);
    asker.ask(question);
  }
}

bool Discoverer::is_preparing_with(const NameAsker& asker) const noexcept {
  return preparation_ && &asker == (preparation_->asker ? preparation_->asker.get() : asker_.get());
}

// What the running configuration asks in vain costs the next one no time, unless that asks other nameservers.
bool Discoverer::is_waited_for(const Question& question) const {
  return preparation_->asker || !plan_.has(question) || !known_->was_tried(question);
}

void Discoverer::finish_preparation() { preparation_->take_done()(); }

void Discoverer::watch(const config::Configuration& configuration, OnChange on_change) {
  on_change_ = std::move(on_change);
  std::vector<WatchedUpstream> next;
  wanted_ = {};
  for (const config::Upstream& upstream : configuration.upstreams) {
    WantedNames wanted = names_wanted_by(upstream, *known_);
    if (wanted.questions.empty() && wanted.files.empty()) continue;
    wanted_.add(wanted);
    config::Diagnostics told_by_members_of;
    ChosenMembers chosen = choose(upstream, told_by_members_of);
    next.push_back({.upstream = upstream,
                    .wanted = std::move(wanted),
                    .members = std::move(chosen.members),
                    .discovered = std::move(chosen.discovered),
                    .crowded = std::move(chosen.crowded)});
  }
  watched_ = std::move(next);
  known_->keep_only(wanted_);
  plan_.keep(wanted_.questions, *known_);
  take_asker(options_of(configuration.resolver));
  if (preparation_ && preparation_->is_done()) {
    for (const Question& question : preparation_->late_changes()) mark_dirty(question);
    for (const std::string& path : preparation_->late_files()) mark_dirty_by_file(path);
    for (WatchedUpstream& watched : watched_) watched.must_be_told = watched.is_dirty;
    preparation_.reset();
  }
  files_due_ = around_.clock.now() + kFilePause;
  around_.wake();
}

Members Discoverer::members_of(const config::Upstream& upstream, config::Diagnostics& diagnostics) const {
  return choose(upstream, diagnostics).members;
}

ChosenMembers Discoverer::choose(const config::Upstream& upstream, config::Diagnostics& diagnostics) const {
  const auto watched = std::find_if(watched_.begin(), watched_.end(), [&](const WatchedUpstream& candidate) {
    return candidate.upstream.name == upstream.name &&
           is_same_discovery(candidate.upstream.discover, upstream.discover);
  });
  const Members* before = watched != watched_.end() ? &watched->discovered : nullptr;
  return choose_members(upstream, *known_, before, diagnostics);
}

// What the one before was asked and did not answer is asked again.
void Discoverer::take_asker(const event::ResolverOptions& options) {
  if (asker_ && asker_->options() == options) return;
  const bool is_prepared = preparation_ && preparation_->asker && preparation_->asker->options() == options;
  asker_ = is_prepared ? std::move(preparation_->asker) : make_asker(options);
  plan_.restart();
  plan_.hurry_failing(*known_);
}

void Discoverer::on_answer(const NameAsker& asker, const Question& question, Result<NameAnswer> answer) {
  const bool is_watched = plan_.has(question);
  if (!is_watched && !(preparation_ && preparation_->has_asked(question))) return;
  KnownName& name = known_->name(question);
  const bool is_first = !name.was_tried();
  const DiscoveryLog::NameState before = DiscoveryLog::state_of(name);
  const bool is_other = name.take(std::move(answer), around_.clock.now());
  plan_.answered(question, name);
  if (is_watched) log_.name_answered(question, name, before);
  if (is_other || is_first) mark_dirty(question);
  if (preparation_) {
    if (name.answer || is_preparing_with(asker)) preparation_->answered(question);
    if ((is_other || is_first) && preparation_->is_done()) preparation_->changed_late(question);
  }
  around_.wake();
}

void Discoverer::mark_dirty(const Question& question) {
  for (WatchedUpstream& watched : watched_) {
    if (watched.wanted.questions.contains(question)) watched.is_dirty = true;
  }
}

void Discoverer::mark_dirty_by_file(const std::string& path) {
  for (WatchedUpstream& watched : watched_) {
    if (watched.wanted.files.contains(path)) watched.is_dirty = true;
  }
}

void Discoverer::advance() {
  look_at_files();
  want_again();
  ask_due();
  const std::vector<std::string> changed = publish();
  tell(changed);
  if (!preparation_ || preparation_->is_done()) return;
  ask_for_preparation();
  if (preparation_->is_complete() || preparation_->deadline() <= around_.clock.now()) finish_preparation();
}

void Discoverer::tell(const std::vector<std::string>& changed) {
  if (changed.empty()) return;
  const OnChange on_change = on_change_;  // it may begin to watch something else
  for (const std::string& upstream : changed) on_change(upstream);
}

void Discoverer::look_at_files() {
  const TimePoint now = around_.clock.now();
  if (files_due_ > now) return;
  files_due_ = now + kFilePause;
  for (const std::string& path : wanted_.files) {
    KnownFile& file = known_->file(path);
    const bool was_sound = file.is_sound;
    const FileNews news = refresh_file(path, around_.read_servers, file);
    if (news == FileNews::none) continue;
    mark_dirty_by_file(path);
    if (preparation_ && preparation_->is_done()) preparation_->file_changed_late(path);
    log_.file_reports(path, file);
    if (!was_sound && file.is_sound) log_.file_works_again(path, file);
  }
}

// New records and files lead to names that nobody asked for yet, and away from others.
void Discoverer::want_again() {
  const bool is_any_dirty =
      std::any_of(watched_.begin(), watched_.end(), [](const WatchedUpstream& watched) { return watched.is_dirty; });
  if (!is_any_dirty) return;
  const WantedNames before = std::exchange(wanted_, {});
  for (WatchedUpstream& watched : watched_) {
    if (watched.is_dirty) watched.wanted = names_wanted_by(watched.upstream, *known_);
    wanted_.add(watched.wanted);
  }
  forget_unwanted(before);
  plan_.keep(wanted_.questions, *known_);
}

void Discoverer::forget_unwanted(const WantedNames& before) {
  const WantedNames prepared = preparation_ ? preparation_->wanted(*known_) : WantedNames{};
  for (const auto& [question, limits] : before.questions) {
    if (!wanted_.questions.contains(question) && !prepared.questions.contains(question)) known_->forget(question);
  }
}

void Discoverer::ask_due() {
  for (const Question& question : plan_.take_due(around_.clock.now())) asker_->ask(question);
}

std::vector<std::string> Discoverer::publish() {
  std::vector<std::string> changed;
  for (WatchedUpstream& watched : watched_) {
    // Until new names were tried the servers stay as they are: half an answer would take away more than it gives.
    if (!watched.is_dirty || !known_->were_tried(watched.wanted)) continue;
    watched.is_dirty = false;
    if (renew_members(watched)) changed.push_back(watched.upstream.name);
  }
  return changed;
}

// True where whoever listens must hear of it.
bool Discoverer::renew_members(WatchedUpstream& watched) {
  config::Diagnostics logged_already;
  ChosenMembers chosen = choose_members(watched.upstream, *known_, &watched.discovered, logged_already);
  log_.servers_refused(watched.upstream.name, chosen.errors, watched.discovered.size());
  log_.names_crowded(watched.upstream.name, watched.crowded, chosen.crowded);
  watched.crowded = std::move(chosen.crowded);
  watched.discovered = std::move(chosen.discovered);
  const bool must_be_told = std::exchange(watched.must_be_told, false);
  if (chosen.members == watched.members) return must_be_told;
  log_.servers_changed(watched.upstream.name, watched.members, chosen.members);
  watched.members = std::move(chosen.members);
  return true;
}

std::optional<TimePoint> Discoverer::next_due() const {
  std::optional<TimePoint> next = plan_.next_due();
  const auto consider = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  if (!wanted_.files.empty()) consider(files_due_);
  if (preparation_ && !preparation_->is_done()) consider(preparation_->deadline());
  return next;
}

}  // namespace hawser::upstream
