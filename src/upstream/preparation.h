// What the next configuration needs to know before it can be compiled, and what of it was asked already. Owned by a
// Discoverer, from prepare() until watch() or the next prepare(); main thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "upstream/known_names.h"
#include "upstream/name_asker.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

class Preparation {
 public:
  using Done = std::move_only_function<void()>;

  Preparation(std::vector<config::Upstream> upstreams, TimePoint deadline, Done done);

  [[nodiscard]] WantedNames wanted(const KnownNames& known) const;
  // Those that nobody looked at for this configuration yet.
  [[nodiscard]] std::vector<std::string> take_files(const KnownNames& known);
  // Those that have no answer and were not asked for this configuration yet.
  [[nodiscard]] std::vector<Question> take_questions(const KnownNames& known);
  [[nodiscard]] bool has_asked(const Question& question) const { return asked_.contains(question); }
  // Not complete before answered().
  void wait_for(const Question& question) { open_.insert(question); }
  void answered(const Question& question) { open_.erase(question); }
  [[nodiscard]] bool is_complete() const noexcept { return open_.empty(); }

  [[nodiscard]] bool is_done() const noexcept { return !done_; }
  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
  // To be called once, by the caller.
  [[nodiscard]] Done take_done() noexcept;

  // What came after `done`: who compiled the configuration then did not know it.
  void changed_late(const Question& question) { late_.insert(question); }
  void file_changed_late(const std::string& path) { late_files_.insert(path); }
  [[nodiscard]] const std::set<Question>& late_changes() const noexcept { return late_; }
  [[nodiscard]] const std::set<std::string>& late_files() const noexcept { return late_files_; }

  // Where this configuration has nameservers of its own.
  std::unique_ptr<NameAsker> asker;

 private:
  std::vector<config::Upstream> upstreams_;
  TimePoint deadline_;
  Done done_;
  std::set<std::string> files_;
  std::set<Question> asked_;
  std::set<Question> open_;
  std::set<Question> late_;
  std::set<std::string> late_files_;
};

}  // namespace hawser::upstream
