#include "proxy/rewrite_target.h"

#include <string_view>

#include "http/header_rules.h"
#include "http/request_path.h"

namespace hawser::proxy {

namespace {

// `path` behind `matched`: empty, or with the slash that begins it.
std::string_view behind(std::string_view matched, std::string_view path) {
  if (matched.ends_with('/')) matched.remove_suffix(1);
  return path.starts_with(matched) ? path.substr(matched.size()) : path;
}

}  // namespace

std::string rewritten_target(const Route& route, const http::RequestHead& request) {
  const RouteRewrite& rewrite = route.rewrite;
  if (rewrite.prefix.empty() || !request.path.starts_with('/')) return {};
  const std::string_view rest = behind(rewrite.matched_prefix, request.path);
  std::string_view prefix = rewrite.prefix;
  if (!rest.empty() && prefix.ends_with('/')) prefix.remove_suffix(1);
  std::string target;
  http::append_encoded_path(target, prefix);
  http::append_encoded_path(target, rest);
  if (const std::size_t query = request.target.find('?'); query != std::string::npos) {
    target.append(request.target, query);
  }
  return target;
}

std::string rewritten_host(const Route& route, const VariableSource& variables) {
  std::string expanded;
  route.rewrite.host.expand(variables, expanded);
  std::string host;
  http::append_on_one_line(host, expanded);
  return host;
}

}  // namespace hawser::proxy
