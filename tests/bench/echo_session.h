// One client of the echo server: answers plain requests, or the upgrade and then echoes every frame unmasked. Owned by
// the server's map, runs on its only thread.
#pragma once

#include <cstddef>
#include <vector>

#include "frame.h"
#include "http_answers.h"
#include "socket.h"

namespace hawser::bench {

class EchoSession {
 public:
  EchoSession(Descriptor descriptor, HttpAnswers& answers) : descriptor_(std::move(descriptor)), answers_(answers) {}

  enum class State { reading, blocked, finished };

  // Reads once into `scratch` and answers all that is whole; while an answer is blocked nothing is read.
  [[nodiscard]] State on_readable(Bytes scratch);
  [[nodiscard]] State on_writable();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

 private:
  // Returns how many bytes of `bytes` were used; whole frames are unmasked where they lie.
  std::size_t consume(Bytes bytes);
  std::size_t answer_request(ConstBytes bytes);
  std::size_t answer_frame(Bytes bytes);
  [[nodiscard]] State flush();

  Descriptor descriptor_;
  HttpAnswers& answers_;
  std::vector<unsigned char> inbox_;   // an incomplete head or frame
  std::vector<unsigned char> outbox_;  // answers of this turn, then what the kernel refused
  bool is_upgraded_ = false;
  bool is_ending_ = false;
};

}  // namespace hawser::bench
