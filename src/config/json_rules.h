// The part of the JSON Schema that says which keys of a section go together. Any thread.
#pragma once

#include "config/json_writer.h"
#include "config/schema.h"

namespace hawser::config {

// The members that hold what must be true among keys, for the schema of the section that is open in `json`. As far as
// JSON Schema can say it: that one duration is at most another it cannot.
void write_rules(const Section& section, JsonWriter& json);

}  // namespace hawser::config
