#include "proxy/router.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/ascii.h"
#include "http/query.h"
#include "http/request_target.h"

namespace hawser::proxy {

namespace {

bool is_host_match(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && equals_ignoring_case(host.substr(host.size() - suffix.size()), suffix);
}

bool is_prefix_match(std::string_view prefix, std::string_view path) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

}  // namespace

class Router::Matcher {
 public:
  explicit Matcher(config::RouteMatch match) : match_(std::move(match)) { match_.host = http::host_name(match_.host); }

  Status compile() {
    if (match_.path_regex.empty()) return {};
    // A decoded path holds any bytes: none of them may keep a '.' from matching, or a path slips past its route.
    RE2::Options options(RE2::Latin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    regex_ = std::make_unique<RE2>(match_.path_regex, options);
    if (regex_->ok()) return {};
    return failure(ErrorCode::invalid_config, "bad regular expression: " + regex_->error());
  }

  // What costs least is asked first. `host` is the request's name of it.
  [[nodiscard]] bool is_match(const http::RequestHead& request, std::string_view listener,
                              std::string_view host) const {
    return (match_.host.empty() || is_host_match(match_.host, host)) &&
           (match_.path.empty() || match_.path == request.path) &&
           (match_.path_prefix.empty() || is_prefix_match(match_.path_prefix, request.path)) &&
           (match_.listener.empty() || match_.listener == listener) &&
           (match_.method.empty() || match_.method == request.method) && are_headers_there(request) &&
           is_query_there(request) && (!regex_ || RE2::PartialMatch(request.path, *regex_));
  }

 private:
  [[nodiscard]] bool are_headers_there(const http::RequestHead& request) const {
    return std::all_of(match_.headers.begin(), match_.headers.end(), [&request](const auto& wanted) {
      const auto value = request.headers.find(wanted.first);
      return value && *value == wanted.second;
    });
  }

  [[nodiscard]] bool is_query_there(const http::RequestHead& request) const {
    return std::all_of(match_.query.begin(), match_.query.end(), [&request](const auto& wanted) {
      const auto value = http::find_query_argument(request.query, wanted.first);
      return value && *value == wanted.second;
    });
  }

  config::RouteMatch match_;
  std::unique_ptr<RE2> regex_;
};

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Status Router::add(const config::RouteMatch& match) {
  Matcher matcher(match);
  if (auto compiled = matcher.compile(); !compiled) return compiled;
  matchers_.push_back(std::move(matcher));
  return {};
}

std::optional<std::size_t> Router::find(const http::RequestHead& request, std::string_view listener) const {
  const std::string_view host = http::host_name(request.host);
  for (std::size_t i = 0; i < matchers_.size(); ++i) {
    if (matchers_[i].is_match(request, listener, host)) return i;
  }
  return std::nullopt;
}

}  // namespace hawser::proxy
