#include "proxy/rewrite_target.h"

#include <string_view>

#include "http/request_path.h"

namespace hawser::proxy {

namespace {

// The path that `prefix` and `rest` make, with one slash where they meet.
std::string join(std::string_view prefix, std::string_view rest) {
  if (rest.starts_with('/')) rest.remove_prefix(1);
  std::string path(prefix);
  if (!rest.empty() && !path.ends_with('/')) path += '/';
  return path.append(rest);
}

}  // namespace

std::string rewritten_target(const Route& route, const http::RequestHead& request) {
  const RouteRewrite& rewrite = route.rewrite;
  if (rewrite.prefix.empty() || !request.path.starts_with('/')) return {};
  std::string_view rest = request.path;
  if (rest.starts_with(rewrite.matched_prefix)) rest.remove_prefix(rewrite.matched_prefix.size());
  std::string target;
  http::append_encoded_path(target, join(rewrite.prefix, rest));
  if (const std::size_t query = request.target.find('?'); query != std::string::npos) {
    target.append(request.target, query);
  }
  return target;
}

}  // namespace hawser::proxy
