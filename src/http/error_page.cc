#include "http/error_page.h"

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

bool has_extra(const ErrorPage& page, std::string_view name) {
  return std::ranges::any_of(page.extra, [name](const auto& field) { return equals_ignoring_case(field.first, name); });
}

void append_connection(std::string& out, const ErrorPage& page) {
  out.append("Connection: ").append(page.connection == ConnectionField::keep_alive ? "keep-alive" : "close");
  if (page.status == 426) out.append(", Upgrade");
  out.append("\r\n");
  if (page.status == 426 && !has_extra(page, "Upgrade")) append_field(out, "Upgrade", "websocket");
}

}  // namespace

std::string write_error_page(const ErrorPage& page) {
  const std::string body = may_have_body(page.status) ? page_text(page.status) : std::string();
  std::string out = "HTTP/1.1 " + std::to_string(page.status) + " ";
  out.append(reason_phrase(page.status)).append("\r\nServer: hawser\r\n");
  for (const auto& [name, value] : page.extra) append_field(out, name, value);
  if (!body.empty()) {
    append_field(out, "Content-Type", "text/html");
    append_field(out, "Content-Length", std::to_string(body.size()));
  }
  append_connection(out, page);
  out.append("\r\n");
  if (!page.is_head_request) out.append(body);
  return out;
}

}  // namespace hawser::http
