// One health check under way: connects, follows its script within the time allowed, and tells the outcome. Owned by
// the check of its server; main thread.
//
//   connecting -> talking -> over, or by way of parting: the outcome is told, and the server may end the connection
//   first. From anywhere close() leads to over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/duration.h"
#include "base/result.h"
#include "event/byte_stream.h"
#include "event/loop.h"
#include "event/timer_wheel.h"
#include "tls/tls_scratch.h"
#include "upstream/connector.h"
#include "upstream/probe_script.h"

namespace hawser::upstream {

class ProbeObserver {
 public:
  // Once, never from inside start(). The run may be closed in here, and destroyed by Loop::dispose() only.
  virtual void on_probe(const Status& outcome) = 0;

 protected:
  ~ProbeObserver() = default;
};

struct ProbePlan {
  ConnectTarget target;
  std::uint64_t turn = 0;  // as ConnectAttempt::start() takes it
  std::unique_ptr<ProbeScript> script;
  Duration timeout{};  // until the outcome
};

class ProbeRun final : public event::Disposable,
                       private ServerConnectObserver,
                       private event::ByteStreamObserver,
                       private event::TimerObserver {
 public:
  // Fails where ConnectAttempt::start() does.
  [[nodiscard]] static Result<std::unique_ptr<ProbeRun>> start(event::Loop& loop, tls::TlsScratch& scratch,
                                                               ProbePlan plan, ProbeObserver& observer);
  ~ProbeRun() override { close(); }

  // Ends it; no callback follows.
  void close() noexcept;

 private:
  enum class Phase : std::uint8_t { connecting, talking, parting, over };

  ProbeRun(event::Loop& loop, std::unique_ptr<ProbeScript> script, ProbeObserver& observer) noexcept;
  void on_server_connect(Result<std::unique_ptr<event::ByteStream>> outcome) override;
  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(event::StreamEnd end) override;
  void on_drained() override {}
  void on_timer(event::Timer& timer) override;

  void follow(const ProbeStep& step);
  void conclude(const Status& outcome, Parting parting);

  event::Loop& loop_;
  std::unique_ptr<ProbeScript> script_;
  ProbeObserver& observer_;
  event::Timer timer_;
  std::unique_ptr<ConnectAttempt> attempt_;
  std::unique_ptr<event::ByteStream> stream_;
  std::size_t parting_bytes_ = 0;  // read since the outcome was told
  Phase phase_ = Phase::connecting;
};

}  // namespace hawser::upstream
