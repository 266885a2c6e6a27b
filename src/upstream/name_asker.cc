#include "upstream/name_asker.h"

#include <utility>

namespace hawser::upstream {

namespace {

Result<NameAnswer> answer_of(Result<event::AddressAnswer> found) {
  if (!found) return std::unexpected(std::move(found.error()));
  return NameAnswer{
      .addresses = std::move(found->addresses), .records = {}, .ttl = found->ttl, .missing = found->missing};
}

Result<NameAnswer> answer_of(Result<event::ServiceAnswer> found) {
  if (!found) return std::unexpected(std::move(found.error()));
  return NameAnswer{
      .addresses = {}, .records = std::move(found->records), .ttl = found->ttl, .missing = event::Missing::nothing};
}

}  // namespace

NameAsker::NameAsker(MakeResolver make_resolver, event::ResolverOptions options, OnAnswer on_answer)
    : make_resolver_(std::move(make_resolver)), options_(std::move(options)), on_answer_(std::move(on_answer)) {}

Status NameAsker::ensure_resolver() {
  if (resolver_) return {};
  auto made = make_resolver_(options_);
  if (!made) return std::unexpected(std::move(made.error()));
  resolver_ = std::move(*made);
  return {};
}

void NameAsker::ask(const Question& question) {
  if (!asked_.insert(question).second) return;
  if (auto ready = ensure_resolver(); !ready) return finish(question, std::unexpected(std::move(ready.error())));
  const auto take = [this, question](auto found) { finish(question, answer_of(std::move(found))); };
  if (question.kind == QuestionKind::addresses) {
    resolver_->look_up_addresses(question.name, take);
  } else {
    resolver_->look_up_services(question.name, take);
  }
}

void NameAsker::finish(const Question& question, Result<NameAnswer> answer) {
  asked_.erase(question);
  on_answer_(*this, question, std::move(answer));
}

}  // namespace hawser::upstream
