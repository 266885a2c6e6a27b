#include "proxy/rewrite_target.h"

#include <string_view>

#include "http/request_path.h"

namespace hawser::proxy {

namespace {

// `path` behind `matched`: empty, or with the slash that begins it.
std::string_view behind(std::string_view matched, std::string_view path) {
  if (matched.ends_with('/')) matched.remove_suffix(1);
  return path.starts_with(matched) ? path.substr(matched.size()) : path;
}

std::string join(std::string_view prefix, std::string_view rest) {
  if (!rest.empty() && prefix.ends_with('/')) prefix.remove_suffix(1);
  return std::string(prefix).append(rest);
}

}  // namespace

std::string rewritten_target(const Route& route, const http::RequestHead& request) {
  const RouteRewrite& rewrite = route.rewrite;
  if (rewrite.prefix.empty() || !request.path.starts_with('/')) return {};
  const std::string_view rest = behind(rewrite.matched_prefix, request.path);
  std::string target;
  http::append_encoded_path(target, join(rewrite.prefix, rest));
  if (const std::size_t query = request.target.find('?'); query != std::string::npos) {
    target.append(request.target, query);
  }
  return target;
}

}  // namespace hawser::proxy
