// Plain HTTP of the echo server: GET /bytes/SIZE/CONNECTION/NUMBER is answered with the SIZE bytes that only this
// request may get (Payload), GET /bytes/SIZE with those of 0/0, anything else with 400. Owned by the server, one
// thread.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "payload.h"

namespace hawser::bench {

class HttpAnswers {
 public:
  enum class After { keep_alive, close };

  // Appends the answer to the request whose head this is, without its blank line.
  [[nodiscard]] After answer(std::string_view head, std::vector<unsigned char>& out);

 private:
  std::map<std::size_t, Payload> bodies_;  // by size
};

}  // namespace hawser::bench
