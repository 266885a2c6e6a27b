// The answers that a session gives by itself: errors, redirections and what a route responds.
#include <optional>
#include <string>
#include <utility>

#include "http/own_answer.h"
#include "proxy/retry_after.h"
#include "proxy/session.h"

namespace hawser::proxy {

void Session::answer(int status, std::string_view reason) { answer(Refusal{.status = status, .reason = reason}); }

void Session::answer(const Refusal& refusal) {
  http::OwnAnswer answer;
  answer.status = refusal.status;
  answer.extra = refusal.fields;
  if (answer.status == 503 && answer.extra.empty()) {
    answer.extra.emplace_back("Retry-After", retry_after(worker_.rng().next()));
  }
  const auto& snapshot = worker_.snapshot();
  const ErrorPages* const pages = http_->route ? http_->route->error_pages.get() : snapshot->error_pages.get();
  if (const ErrorPageContent* const page = pages != nullptr ? pages->find(answer.status) : nullptr) {
    answer.content = http::Content{page->type, page->body};
  }
  log_end("answered with an error of our own", refusal.reason);
  // Who broke the protocol, or is over the listener's limits, is not served on.
  const bool is_over_limits = !http_->route && refusal.status != 404;
  const bool is_last = refusal.status == 400 || refusal.status == 426 || is_over_limits;
  send_answer(std::move(answer), is_last ? KeepAlive::no : KeepAlive::yes);
}

void Session::answer(const Reply& reply) {
  http::OwnAnswer answer;
  answer.status = reply.status;
  answer.extra = reply.fields;
  answer.content = http::Content{reply.content_type, reply.body};
  send_answer(std::move(answer), KeepAlive::yes);
}

void Session::send_answer(http::OwnAnswer answer, KeepAlive wanted) {
  drop_server();
  const http::RequestHead& head = record_->head;
  // Only a request that was read to its end can be followed by another.
  const bool is_complete = !head.method.empty() && !head.body.has_bytes();
  const bool keeps_alive =
      wanted == KeepAlive::yes && is_complete && head.keep_alive && keep_alive_allowed() == KeepAlive::yes;
  answer.connection = keeps_alive ? http::ConnectionField::keep_alive : http::ConnectionField::close;
  answer.is_head_request = head.method == "HEAD";
  record_->status = answer.status;
  const RecordVariables variables(*record_, worker_.loop().now());
  std::optional<http::HeaderEdit> edit;
  if (http_->route) {
    edit.emplace(http::HeaderEdit{http_->route->response_headers, variables});
    answer.edit = &*edit;
  }
  const std::string bytes = http::write_own_answer(answer);
  (void)client_->write(std::as_bytes(std::span(bytes)));
  record_->bytes_sent = bytes.size();
  write_access_line();
  keeps_alive ? finish_request() : begin_closing();
}

}  // namespace hawser::proxy
