#include "http/own_answer.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/head_text.h"
#include "http/header_edit.h"

namespace hawser::http {

namespace {

constexpr std::size_t kRoomForHead = 256;

std::string page_text(int status) {
  const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
  return "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head>\n<body><h1>" + title +
         "</h1><hr><p>hawser</p></body></html>\n";
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

bool has_extra(const OwnAnswer& answer, std::string_view name) {
  return std::ranges::any_of(answer.extra,
                             [name](const auto& field) { return equals_ignoring_case(field.first, name); });
}

void append_connection(std::string& out, const OwnAnswer& answer) {
  out.append("Connection: ").append(answer.connection == ConnectionField::keep_alive ? "keep-alive" : "close");
  if (answer.status == 426) out.append(", Upgrade");
  out.append("\r\n");
  if (answer.status == 426 && !has_extra(answer, "Upgrade")) append_field(out, "Upgrade", "websocket");
}

void append_content_fields(std::string& out, const Content& content) {
  if (!content.type.empty()) append_field(out, "Content-Type", content.type);
  append_field(out, "Content-Length", std::to_string(content.body.size()));
}

}  // namespace

std::string write_own_answer(const OwnAnswer& answer) {
  const bool has_content = may_have_body(answer.status);
  const std::string page = has_content && !answer.content ? page_text(answer.status) : std::string();
  const Content content = answer.content.value_or(Content{.type = "text/html", .body = page});
  std::string out;
  out.reserve(kRoomForHead + content.body.size());
  append_status_line(out, answer.status, reason_phrase(answer.status));
  const std::size_t first_line = out.size();
  append_field(out, "Server", "hawser");
  for (const auto& [name, value] : answer.extra) append_field(out, name, value);
  if (has_content) append_content_fields(out, content);
  append_connection(out, answer);
  apply_edit(out, first_line, answer.edit);
  out.append("\r\n");
  if (has_content && !answer.is_head_request) out.append(content.body);
  return out;
}

}  // namespace hawser::http
