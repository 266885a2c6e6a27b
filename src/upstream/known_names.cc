#include "upstream/known_names.h"

#include <algorithm>
#include <utility>

namespace hawser::upstream {

namespace {

using event::Missing;

bool is_of(Missing kind, const IpAddress& address) noexcept {
  return kind != Missing::nothing && address.is_v6() == (kind == Missing::v6);
}

void add_missing(NameAnswer& answer, const NameAnswer& before) {
  std::vector<IpAddress>& addresses = answer.addresses;
  for (const IpAddress& address : before.addresses) {
    if (is_of(answer.missing, address)) addresses.push_back(address);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

}  // namespace

bool KnownName::take(Result<NameAnswer> tried_answer, TimePoint time) {
  tried = time;
  if (!tried_answer) {
    failure = std::move(tried_answer.error());
    ++failures;
    return false;
  }
  if (answer && tried_answer->missing != Missing::nothing) add_missing(*tried_answer, *answer);
  incomplete = tried_answer->missing == Missing::nothing ? 0 : incomplete + 1;
  const bool is_other =
      !answer || answer->addresses != tried_answer->addresses || answer->records != tried_answer->records;
  answer = std::move(*tried_answer);
  failure.reset();
  failures = 0;
  return is_other;
}

std::size_t KnownName::count_kept() const {
  if (!answer) return 0;
  return static_cast<std::size_t>(std::count_if(answer->addresses.begin(), answer->addresses.end(),
                                                [&](const auto& address) { return is_of(answer->missing, address); }));
}

const KnownName* KnownNames::find(const Question& question) const {
  const auto found = names_.find(question);
  return found == names_.end() ? nullptr : &found->second;
}

bool KnownNames::was_tried(const Question& question) const {
  const KnownName* name = find(question);
  return name != nullptr && name->was_tried();
}

bool KnownNames::were_tried(const WantedNames& wanted) const {
  return std::all_of(wanted.questions.begin(), wanted.questions.end(),
                     [this](const auto& entry) { return was_tried(entry.first); });
}

const NameAnswer* KnownNames::answer_to(const Question& question) const {
  const KnownName* name = find(question);
  return name != nullptr && name->answer ? &*name->answer : nullptr;
}

const KnownFile* KnownNames::find_file(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

void KnownNames::keep_only(const WantedNames& wanted) {
  std::erase_if(names_, [&](const auto& entry) { return !wanted.questions.contains(entry.first); });
  std::erase_if(files_, [&](const auto& entry) { return !wanted.files.contains(entry.first); });
}

}  // namespace hawser::upstream
