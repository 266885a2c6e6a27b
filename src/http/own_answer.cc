#include "http/own_answer.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/head_text.h"

namespace hawser::http {

namespace {

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

}  // namespace

std::string write_own_answer(const OwnAnswer& answer) {
  const std::string body = may_have_body(answer.status) ? page_text(answer.status) : std::string();
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  out.append(reason_phrase(answer.status)).append("\r\nServer: hawser\r\n");
  for (const auto& [name, value] : answer.extra) append_field(out, name, value);
  if (!body.empty()) {
    append_field(out, "Content-Type", "text/html");
    append_field(out, "Content-Length", std::to_string(body.size()));
  }
  append_connection(out, answer);
  out.append("\r\n");
  if (!answer.is_head_request) out.append(body);
  return out;
}

}  // namespace hawser::http
