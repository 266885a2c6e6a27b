// Ends a stream whose callback may still be on the stack. One loop thread.
#pragma once

#include <memory>
#include <utility>

#include "event/byte_stream.h"
#include "event/loop.h"

namespace hawser::event {

class RetiredStream final : public Disposable {
 public:
  explicit RetiredStream(std::unique_ptr<ByteStream> stream) noexcept : stream_(std::move(stream)) {}

 private:
  std::unique_ptr<ByteStream> stream_;
};

// Closes `stream` (may be null) now and destroys it at the end of the turn.
inline void retire(Loop& loop, std::unique_ptr<ByteStream> stream) {
  if (!stream) return;
  stream->close();
  loop.dispose(std::make_unique<RetiredStream>(std::move(stream)));
}

}  // namespace hawser::event
