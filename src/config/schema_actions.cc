#include <array>

#include "config/schema_sections.h"

// What becomes of a route's requests: shares of upstreams, redirects, answers, and what is rewritten.

namespace hawser::config {

namespace {

constexpr std::array kShareKeys{
    Key{.name = "upstream",
        .type = Type::text,
        .slot = field<&Share::upstream>(),
        .description = "The name of an upstream",
        .presence = Presence::required,
        .range = {1},
        .where = &Access<&Share::where>::get},
    Key{.name = "weight",
        .type = Type::integer,
        .slot = field<&Share::weight>(),
        .description = "Its share of the requests in relation to the other weights",
        .default_text = "1",
        .range = {0, 1'000'000}},
};

constexpr std::array kRedirectKeys{
    Key{.name = "to",
        .type = Type::redirect_target,
        .slot = field<&Redirect::to>(),
        .description = "A path or a URL, with variables such as $request_uri",
        .presence = Presence::required,
        .range = {1},
        .where = &Access<&Redirect::where>::get},
    Key{.name = "status",
        .type = Type::redirect_status,
        .slot = field<&Redirect::status>(),
        .description = "301 or 308 for ever, 302 or 307 for now; 307 and 308 keep the method; 303 asks for a GET",
        .default_text = "301"},
};

constexpr std::array kRespondKeys{
    Key{.name = "status",
        .type = Type::integer,
        .slot = field<&Respond::status>(),
        .description = "The status of the answer",
        .default_text = "200",
        .range = {200, 599}},
    Key{.name = "body",
        .type = Type::lines,
        .slot = field<&Respond::body>(),
        .description = "Its text, with variables such as $remote_addr",
        .range = {0, 64 * 1024},
        .where = &Access<&Respond::where>::get},
    Key{.name = "content_type",
        .type = Type::media_type,
        .slot = field<&Respond::content_type>(),
        .description = "What kind of text that is",
        .default_text = "text/plain",
        .range = {1, 255}},
};

constexpr std::array kRewriteKeys{
    Key{.name = "prefix",
        .type = Type::plain_path,
        .slot = field<&Rewrite::prefix>(),
        .description =
            "What the server gets in place of match.path_prefix, written in plain; the path stays when absent",
        .range = {1}},
    Key{.name = "host",
        .type = Type::host_template,
        .slot = field<&Rewrite::host>(),
        .description = "The Host that the server gets, with variables if need be; the client's when absent",
        .range = {1, 255}},
};

constexpr std::array kHeaderChangesKeys{
    Key{.name = "set",
        .type = Type::name_values,
        .slot = field<&HeaderChanges::set>(),
        .description = "Headers that take the place of what came by that name, with variables such as $remote_addr",
        .name_type = Type::ruled_field},
    Key{.name = "add",
        .type = Type::name_values,
        .slot = field<&HeaderChanges::add>(),
        .description = "Headers that stand beside what came by that name",
        .name_type = Type::ruled_field},
    Key{.name = "remove",
        .type = Type::text_list,
        .slot = field<&HeaderChanges::remove>(),
        .description = "Names of headers that are left out",
        .range = {1},
        .name_type = Type::ruled_field},
};
constexpr Section kHeaderChanges{kHeaderChangesKeys};

constexpr std::array kHeadersKeys{
    Key{.name = "request",
        .type = Type::map,
        .slot = object<&Route::request_headers>(),
        .description = "In requests on their way to the server",
        .section = &kHeaderChanges,
        .where = [](void* route) { return &static_cast<Route*>(route)->request_headers.where; }},
    Key{.name = "response",
        .type = Type::map,
        .slot = object<&Route::response_headers>(),
        .description = "In answers on their way to the client, Hawser's own included",
        .section = &kHeaderChanges,
        .where = [](void* route) { return &static_cast<Route*>(route)->response_headers.where; }},
};

}  // namespace

constinit const Section kShareSection{kShareKeys};
constinit const Section kRedirectSection{kRedirectKeys};
constinit const Section kRespondSection{kRespondKeys};
constinit const Section kRewriteSection{kRewriteKeys};
constinit const Section kHeadersSection{kHeadersKeys};

}  // namespace hawser::config
