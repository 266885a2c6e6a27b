// Lets one session hear two streams apart: each side's callbacks arrive with the side's name.
#pragma once

#include <span>

#include "event/byte_stream.h"
#include "proxy/relay.h"

namespace hawser::proxy {

template <class Session, Peer side>
class SideObserver : public event::ByteStreamObserver {
 public:
  void on_bytes(std::span<std::byte> bytes) final { static_cast<Session*>(this)->on_stream_bytes(side, bytes); }
  void on_end(event::StreamEnd end) final { static_cast<Session*>(this)->on_stream_end(side, end); }
  void on_drained() final { static_cast<Session*>(this)->on_stream_drained(side); }

 protected:
  virtual ~SideObserver() = default;
};

}  // namespace hawser::proxy
