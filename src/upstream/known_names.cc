#include "upstream/known_names.h"

namespace hawser::upstream {

const KnownName* KnownNames::find(const Question& question) const {
  const auto found = names_.find(question);
  return found == names_.end() ? nullptr : &found->second;
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
