// What the path of a request target means, however it was written (RFC 3986, section 6.2.2). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/verdict.h"

namespace hawser::http {

// Percent-decoded once, dot segments and repeated slashes resolved, as nginx does: "/a//./b/../%63" is "/a/c". 400 when
// it leads above the root or holds a NUL byte. `path` is "*" or begins with a slash,
// and was checked for its percent signs.
[[nodiscard]] Verdict<std::string> normalize_path(std::string_view path);

// A decoded path as a request target: whatever may not stand there as it is is percent-encoded.
void append_encoded_path(std::string& out, std::string_view path);

// A URL that was put together: what may stand nowhere in one (controls, spaces, backslashes, quotes, bytes beyond
// ASCII, …) is percent-encoded; browsers take a backslash for a slash.
void append_url(std::string& out, std::string_view url);

}  // namespace hawser::http
