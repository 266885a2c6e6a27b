// Puts questions to a resolver, each once at a time, and makes that resolver when the first one comes. Owned by a
// Discoverer; main thread.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "base/result.h"
#include "event/resolver.h"
#include "upstream/known_names.h"
#include "upstream/wanted_names.h"

namespace hawser::upstream {

using MakeResolver = std::function<Result<std::unique_ptr<event::Resolver>>(const event::ResolverOptions&)>;

class NameAsker {
 public:
  // Must not destroy the asker. Called from inside ask() when no resolver could be made.
  using OnAnswer = std::function<void(const NameAsker&, const Question&, Result<NameAnswer>)>;

  NameAsker(MakeResolver make_resolver, event::ResolverOptions options, OnAnswer on_answer);
  NameAsker(const NameAsker&) = delete;
  NameAsker& operator=(const NameAsker&) = delete;

  // Does nothing where the same question is under way.
  void ask(const Question& question);
  [[nodiscard]] const event::ResolverOptions& options() const noexcept { return options_; }

 private:
  [[nodiscard]] Status ensure_resolver();
  void finish(const Question& question, Result<NameAnswer> answer);

  MakeResolver make_resolver_;
  event::ResolverOptions options_;
  OnAnswer on_answer_;
  std::set<Question> asked_;
  std::unique_ptr<event::Resolver> resolver_;  // ends first: it calls into the rest
};

}  // namespace hawser::upstream
