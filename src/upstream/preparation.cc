#include "upstream/preparation.h"

#include <utility>

namespace hawser::upstream {

Preparation::Preparation(std::vector<config::Upstream> upstreams, TimePoint deadline, Done done)
    : upstreams_(std::move(upstreams)), deadline_(deadline), done_(std::move(done)) {}

WantedNames Preparation::wanted(const KnownNames& known) const {
  WantedNames wanted;
  for (const config::Upstream& upstream : upstreams_) wanted.add(names_wanted_by(upstream, known));
  return wanted;
}

std::vector<std::string> Preparation::take_files(const KnownNames& known) {
  std::vector<std::string> taken;
  for (const std::string& path : wanted(known).files) {
    if (files_.insert(path).second) taken.push_back(path);
  }
  return taken;
}

std::vector<Question> Preparation::take_questions(const KnownNames& known) {
  std::vector<Question> taken;
  for (const auto& [question, limits] : wanted(known).questions) {
    if (known.answer_to(question) != nullptr || !asked_.insert(question).second) continue;
    taken.push_back(question);
  }
  return taken;
}

Preparation::Done Preparation::take_done() noexcept { return std::exchange(done_, nullptr); }

}  // namespace hawser::upstream
