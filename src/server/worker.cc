#include "server/worker.h"

#include <string>
#include <utility>

#include "base/secure_random.h"
#include "event/signals.h"

namespace hawser::server {

Result<std::unique_ptr<Worker>> Worker::create(log::Logger& logger) {
  std::unique_ptr<Worker> worker(new Worker());
  auto loop = event::Loop::create();
  if (!loop) return std::unexpected(std::move(loop.error()));
  worker->loop_ = std::move(*loop);
  auto inbox = event::Inbox::create(*worker->loop_);
  if (!inbox) return std::unexpected(std::move(inbox.error()));
  worker->inbox_ = std::move(*inbox);
  worker->context_ = std::make_unique<proxy::WorkerContext>(*worker->loop_, *worker->inbox_, logger, random_u64());
  worker->listeners_ = std::make_unique<proxy::ListenerSet>(*worker->context_);
  return worker;
}

Worker::~Worker() {
  stop();
  inbox_.reset();
  listeners_.reset();
  context_.reset();
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  inbox_->post([this] {
    listeners_.reset();
    context_->close_all_sessions();
    loop_->stop();
  });
  thread_.join();
}

void Worker::start() {
  const event::SignalBlock block;
  thread_ = std::thread([this] { loop_->run(); });
}

void Worker::adopt(std::shared_ptr<const proxy::Snapshot> snapshot, std::vector<proxy::ListenerBinding> bindings) {
  inbox_->post([this, taken = std::move(snapshot), sockets = std::move(bindings)]() mutable {
    context_->adopt(std::move(taken));
    listeners_->adopt(sockets);
    sockets.clear();
  });
}

void Worker::adopt(std::shared_ptr<const proxy::Upstream> changed) {
  inbox_->post([this, taken = std::move(changed)]() mutable { context_->adopt(std::move(taken)); });
}

void Worker::pause_accepting() {
  inbox_->post([this] { listeners_->pause(); });
}

void Worker::begin_drain(proxy::IdleSessions idle, Callback on_begun) {
  inbox_->post([this, idle, done = std::move(on_begun)]() mutable {
    listeners_->adopt({});
    context_->begin_drain(idle);
    done();
  });
}

void Worker::end_all_sessions(std::uint16_t close_code, std::string reason, Callback on_begun) {
  inbox_->post([this, close_code, why = std::move(reason), done = std::move(on_begun)]() mutable {
    listeners_->adopt({});
    context_->end_all_sessions(close_code, why);
    done();
  });
}

void Worker::pulse(Callback on_turned) { inbox_->post(std::move(on_turned)); }

std::uint64_t Worker::session_count() noexcept { return context_->counters().sessions.load(std::memory_order_relaxed); }

}  // namespace hawser::server
