// What a session does with the requests of one client connection, between fake streams and without a route: reads a
// head, sends it on, lets an exchange pass the bodies, goes on with the next. Test code; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/connection_script.h"
#include "fuzz/demand.h"
#include "fuzz/scripted_server.h"
#include "http/forwarding.h"
#include "http/own_answer.h"
#include "http/rewrite.h"
#include "proxy/exchange.h"
#include "proxy/upgrade.h"

namespace hawser::proxy::fuzz {

using Manners = std::array<Manner, 4>;  // of the first request, the second, …, repeated

class RequestConnection {
 public:
  static constexpr http::ParserLimits kClientLimits{.max_head_size = 1024, .max_headers = 16};
  static constexpr std::uint64_t kMaxBodySize = 256;

  RequestConnection(event::Loop& loop, const Manners& manners) : loop_(loop), manners_(manners) {}

  // The client sends all of it, then ends its direction.
  void run(const http::Pieces& pieces) {
    std::size_t next = 0;
    while (stage_ != Stage::over) {
      if (next < pieces.size() && client.is_reading()) {
        deliver(pieces[next++]);
        while (advance_server()) {
        }
        continue;
      }
      if (!drain() && !connect() && !advance_server()) break;
    }
    demand(stage_ == Stage::over || next == pieces.size(), "a client is read on when nobody waits for anything else");
    finish();
  }

  // What a request that is not sent to a server is answered; nothing if it is.
  [[nodiscard]] static std::optional<int> refusal(const http::RequestHead& head) {
    if (head.has_unknown_expectation) return 417;
    if (head.body.kind == http::BodyKind::length && head.body.length > kMaxBodySize) return 413;
    return std::nullopt;
  }

  event::FakeStream client;
  std::vector<ReadRequest> requests;  // as the servers got them, in their order
  bool was_cut = false;               // the last answer could not be completed
  bool was_left = false;              // the client ended inside its last request

 private:
  enum class Stage { reading, connecting, upgrading, exchanging, over };
  static constexpr http::ParserLimits kServerLimits{.max_head_size = 4096, .max_headers = 32};

  struct Unheard final : event::TimerObserver {
    void on_timer(event::Timer&) override {}
  };

  void deliver(std::string_view piece) {
    const ShortLived copy(piece);
    if (stage_ == Stage::reading) return read_requests(copy.bytes());
    if (stage_ == Stage::exchanging) return feed_exchange(copy.bytes());
    keep_early(copy.bytes());
  }

  void read_requests(std::span<const std::byte> input) {
    unread_ = input;
    while (stage_ == Stage::reading && !unread_.empty() && client.pending_bytes() == 0) read_head();
    const auto rest = std::exchange(unread_, {});
    if (stage_ != Stage::over) keep_early(rest);
  }

  void keep_early(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    early_.insert(early_.end(), bytes.begin(), bytes.end());
    client.stop_reading();
  }

  void read_head() {
    const auto step = parser_.step(unread_);
    unread_ = unread_.subspan(step.consumed);
    if (step.event == http::ParseEvent::head) return begin_request(parser_.take_head());
    if (step.event == http::ParseEvent::error) begin_request({});
  }

  void begin_request(http::RequestHead head) {
    record_.head = std::move(head);
    if (record_.head.method.empty()) return answer(parser_.error().status);
    number_ = heads_++;
    if (!record_.head.body.has_bytes()) parser_.reset();
    if (const auto status = refusal(record_.head)) return answer(*status);
    is_repeated_ = false;
    stage_ = Stage::connecting;
    if (manner().stream != 'd') begin_service();
  }

  [[nodiscard]] const Manner& manner() const { return manners_[number_ % manners_.size()]; }

  bool connect() {
    if (stage_ != Stage::connecting) return false;
    begin_service();
    return true;
  }

  // Over the connection that rests, if there is one.
  void begin_service() {
    server_ = std::exchange(resting_, nullptr);
    // A pool notices what a server says at rest.
    if (server_ && (server_->has_words() || server_->is_ending())) drop_server();
    if (!server_) server_ = std::make_unique<ScriptedServer>(kServerLimits, requests);
    Manner how = manner();
    if (is_repeated_) how.timing = 'a';
    server_->expect(number_, how);
    record_.head.is_websocket_upgrade ? begin_upgrade() : begin_exchange();
    if (server_) server_->stream.start_reading();
  }

  void append_request_head(std::string& out, http::RequestPurpose purpose) {
    static const IpAddress address = IpAddress::from_v4({192, 0, 2, 1});
    static const http::ForwardedText text = http::forwarded_text({.address = address, .peer = address});
    http::append_request_head(out, record_.head, {.address = address, .peer = address, .text = &text},
                              {.purpose = purpose});
  }

  void begin_upgrade() {
    std::string head;
    append_request_head(head, http::RequestPurpose::websocket_upgrade);
    (void)server_->stream.write(std::as_bytes(std::span(head)));
    upgrade_.emplace(record_.head);
    stage_ = Stage::upgrading;
  }

  void emplace_exchange() {
    const ExchangeOptions options{.body = std::chrono::seconds(60),
                                  .response_head = std::chrono::seconds(60),
                                  .read = std::chrono::seconds(60),
                                  .max_body_size = kMaxBodySize};
    exchange_.emplace(ExchangeParts{loop_, timer_, client, server_->stream, record_, parser_, write_buffer_}, options);
    stage_ = Stage::exchanging;
  }

  void begin_exchange() {
    emplace_exchange();
    append_request_head(write_buffer_, http::RequestPurpose::exchange);
    std::span<const std::byte> nothing;
    if (exchange_->is_request_complete()) return apply(exchange_->start(nothing));
    const auto kept = std::exchange(early_, {});
    std::span<const std::byte> rest = kept.empty() ? unread_ : kept;
    client.start_reading();
    const auto progress = exchange_->start(rest);
    if (kept.empty()) {
      unread_ = rest;
    } else {
      keep_early(rest);
    }
    apply(progress);
  }

  void feed_exchange(std::span<const std::byte> bytes) {
    const auto progress = exchange_->on_client_bytes(bytes);
    keep_early(bytes);
    apply(progress);
  }

  // What is blocked on either side leaves.
  bool drain() {
    if (server_ && server_->stream.pending_bytes() > 0) {
      server_->stream.make_room();
      if (stage_ == Stage::exchanging) exchange_->on_server_drained();
      return true;
    }
    if (client.pending_bytes() == 0) return false;
    client.make_room();
    if (stage_ == Stage::reading) resume_requests();
    if (stage_ == Stage::exchanging) exchange_->on_client_drained();
    return true;
  }

  // What the server does next of its own.
  bool advance_server() {
    if (!server_ || stage_ == Stage::over) return false;
    server_->read();
    if (!server_->stream.is_reading()) return false;
    if (server_->has_words()) {
      if (server_->manner().stream == 'k' && client.pending_bytes() == 0) client.block();
      const ShortLived words(server_->take_words());
      stage_ == Stage::upgrading ? read_upgrade_answer(words.bytes())
                                 : apply(exchange_->on_server_bytes(words.bytes(), KeepAlive::yes));
      return true;
    }
    if (!server_->is_ending()) return false;
    stage_ == Stage::upgrading ? leave_upgrade() : apply(exchange_->on_server_end(server_->end()));
    return true;
  }

  void read_upgrade_answer(std::span<const std::byte> bytes) {
    auto outcome = upgrade_->on_server_bytes(bytes);
    if (auto* const declined = std::get_if<UpgradeDeclined>(&outcome)) {
      emplace_exchange();
      return apply(exchange_->resume_with(declined->head, std::move(declined->parser), bytes, KeepAlive::yes));
    }
    demand(std::holds_alternative<UpgradePending>(outcome), "a sound answer in plain HTTP declines an upgrade");
  }

  void leave_upgrade() {
    drop_server();
    answer(502);
  }

  void apply(ExchangeProgress progress) {
    if (progress == ExchangeProgress::live) return;
    if (progress == ExchangeProgress::failed) return fail_exchange();
    demand(progress != ExchangeProgress::gone, "nobody left");
    if (exchange_->may_reuse_server() && !server_->is_ending()) {
      resting_ = std::move(server_);
    } else {
      drop_server();
    }
    if (progress == ExchangeProgress::finished) return finish_request();
    was_cut = progress == ExchangeProgress::cut;
    demand(!was_cut || exchange_->response_status() != 0, "only an answer that was begun can be cut");
    close();
  }

  void fail_exchange() {
    const int status = exchange_->status();
    const bool may_repeat = exchange_->may_repeat();
    drop_server();
    if (may_repeat && !std::exchange(is_repeated_, true)) return begin_service();
    answer(status);
  }

  void answer(int status) {
    const http::RequestHead& head = record_.head;
    const bool keeps_alive = status != 400 && !head.method.empty() && !head.body.has_bytes() && head.keep_alive;
    const std::string bytes = http::write_own_answer(
        {.status = status,
         .connection = keeps_alive ? http::ConnectionField::keep_alive : http::ConnectionField::close,
         .is_head_request = head.method == "HEAD"});
    (void)client.write(std::as_bytes(std::span(bytes)));
    keeps_alive ? finish_request() : close();
  }

  void finish_request() {
    if (record_.head.body.has_bytes()) parser_.reset();
    stage_ = Stage::reading;
    client.start_reading();
    resume_requests();
  }

  void resume_requests() {
    client.start_reading();
    if (early_.empty()) return;
    const auto early = std::exchange(early_, {});
    read_requests(early);
  }

  void drop_server() {
    if (!server_) return;
    server_->stream.close();
    server_->read_all();
    demand(server_->stream.bytes_after_end() == 0, "nothing is written to a server's connection behind its end");
    server_ = nullptr;
  }

  void close() {
    stage_ = Stage::over;
    client.shutdown_write();
  }

  void finish() {
    if (stage_ == Stage::exchanging) {
      was_left = true;
      demand(exchange_->on_client_finished() == ExchangeProgress::gone, "a complete request gets its answer");
    }
    demand(stage_ != Stage::connecting && stage_ != Stage::upgrading, "every request is served");
    demand(stage_ == Stage::over || early_.empty(), "every byte of a client's that is read is looked at");
    demand(write_buffer_.empty(), "all that was gathered was sent or forgotten");
    drop_server();
    server_ = std::move(resting_);
    drop_server();
    demand(client.bytes_after_end() == 0, "nothing is written to the client behind the end");
  }

  event::Loop& loop_;
  const Manners manners_;
  Unheard unheard_;
  event::Timer timer_{unheard_};
  http::RequestParser parser_{kClientLimits};
  SessionRecord record_;
  std::string write_buffer_;
  std::vector<std::byte> early_;
  std::span<const std::byte> unread_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<ScriptedServer> resting_;
  std::optional<Upgrade> upgrade_;
  std::optional<Exchange> exchange_;
  std::size_t heads_ = 0;
  std::size_t number_ = 0;
  Stage stage_ = Stage::reading;
  bool is_repeated_ = false;
};

}  // namespace hawser::proxy::fuzz
