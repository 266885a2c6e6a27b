// Applies an operator's rules to the fields of a head that was written, whoever they came from. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "http/rewrite.h"

namespace hawser::http {

// `out` from `first_line` on holds whole field lines: those that the rules drop are taken out, then the rules' own are
// added. Null: nothing to do.
void apply_edit(std::string& out, std::size_t first_line, const HeaderEdit* edit);

}  // namespace hawser::http
