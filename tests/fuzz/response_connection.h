// One exchange between a client that keeps the rules and a server whose bytes and end a script gives, as a session
// drives it, between fake streams. Test code; one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "fuzz/connection_script.h"
#include "fuzz/demand.h"
#include "proxy/exchange.h"
#include "proxy/upgrade.h"
#include "support/fake_stream.h"

namespace hawser::proxy::fuzz {

// Other letters are the first of each list.
struct ResponseScene {
  // The request: 'G' GET, 'H' HEAD, 'O' HTTP/1.0 that keeps its connection, 'o' one that does not, 'C' the last of its
  // connection, 'P' a body that never comes, 'B' one that came, 'U' for a WebSocket.
  char request = 'G';
  // The end: 'f' finished, 'r' reset, 't' truncated, 'n' none, so that the time for it runs out.
  char end = 'f';
  // The client: '-' takes everything, 'k' takes it slowly, 'x' is gone.
  char client = '-';
  // Its connection may go on: '-'; 'n' not.
  char allowed = '-';

  [[nodiscard]] http::ResponseTo kind() const {
    if (request == 'H') return http::ResponseTo::head_request;
    return request == 'U' ? http::ResponseTo::websocket_upgrade : http::ResponseTo::other;
  }
  [[nodiscard]] bool has_clean_end() const { return std::string_view("rtn").find(end) == std::string_view::npos; }
  [[nodiscard]] bool is_old_client() const { return request == 'O' || request == 'o'; }
};

enum class Ending { accepted, refused, progressed };  // of an upgrade the first two

class ResponseConnection {
 public:
  ResponseConnection(event::Loop& loop, const ResponseScene& scene) : loop_(loop), scene_(scene) {
    send_request();
    if (scene.client == 'x') client.sever();
  }

  // The server sends all of it, then ends as it does.
  void run(const http::Pieces& pieces) {
    for (std::size_t next = 0; !is_over_ && next < pieces.size(); ++next) {
      if (!server.is_reading()) drain_client();
      demand(server.is_reading(), "a server is read on once the client has everything");
      if (scene_.client == 'k' && client.pending_bytes() == 0) client.block();
      deliver(pieces[next]);
      delivered += pieces[next].size();
    }
    if (!is_over_) end_server();
    demand(is_over_, "an exchange ends when its server did");
    demand(server.written().size() == request_size_, "a server gets the request and nothing else");
    demand(write_buffer_.empty(), "all that was gathered was sent or forgotten");
  }

  [[nodiscard]] const Exchange& exchange() const { return *exchange_; }

  event::FakeStream client;
  event::FakeStream server;
  Ending ending = Ending::progressed;
  ExchangeProgress progress = ExchangeProgress::live;
  std::size_t delivered = 0;  // of the server's bytes

 private:
  struct Unheard final : event::TimerObserver {
    void on_timer(event::Timer&) override {}
  };

  [[nodiscard]] std::string_view request_text() const {
    switch (scene_.request) {
      case 'H':
        return "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
      case 'O':
        return "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
      case 'o':
        return "GET / HTTP/1.0\r\nHost: h\r\n\r\n";
      case 'C':
        return "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
      case 'P':
        return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
      case 'B':
        return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
      case 'U':
        return "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
      default:
        return "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    }
  }

  void send_request() {
    auto rest = std::as_bytes(std::span(request_text()));
    const auto step = parser_.step(rest);
    demand(step.event == http::ParseEvent::head, "the request is sound");
    rest = rest.subspan(step.consumed);
    record_.head = parser_.take_head();
    if (scene_.request == 'U') {
      upgrade_.emplace(record_.head);
      return;
    }
    emplace_exchange();
    write_buffer_ = "(head)";
    demand(exchange_->start(rest) == ExchangeProgress::live && rest.empty(), "the request is sent");
    request_size_ = server.written().size();
  }

  void emplace_exchange() {
    const ExchangeOptions options{
        .body = std::chrono::seconds(60), .response_head = std::chrono::seconds(60), .read = std::chrono::seconds(60)};
    exchange_.emplace(ExchangeParts{loop_, timer_, client, server, record_, parser_, write_buffer_}, options);
  }

  [[nodiscard]] KeepAlive allowed() const { return scene_.allowed == 'n' ? KeepAlive::no : KeepAlive::yes; }

  void deliver(std::string_view piece) {
    const ShortLived copy(piece);
    exchange_ ? apply(exchange_->on_server_bytes(copy.bytes(), allowed())) : read_upgrade_answer(copy.bytes());
  }

  void read_upgrade_answer(std::span<const std::byte> bytes) {
    auto outcome = upgrade_->on_server_bytes(bytes);
    if (auto* const declined = std::get_if<UpgradeDeclined>(&outcome)) {
      emplace_exchange();
      return apply(exchange_->resume_with(declined->head, std::move(declined->parser), bytes, allowed()));
    }
    if (std::holds_alternative<UpgradeAccepted>(outcome)) finish_upgrade(Ending::accepted);
    if (std::holds_alternative<UpgradeFailed>(outcome)) finish_upgrade(Ending::refused);
  }

  void finish_upgrade(Ending how) {
    ending = how;
    is_over_ = true;
  }

  void drain_client() {
    client.make_room();
    exchange_->on_client_drained();
  }

  void end_server() {
    if (!server.is_reading()) drain_client();
    if (!exchange_) return finish_upgrade(Ending::refused);
    switch (scene_.end) {
      case 'r':
        return apply(exchange_->on_server_end(event::StreamEnd::reset));
      case 't':
        return apply(exchange_->on_server_end(event::StreamEnd::truncated));
      case 'n':
        return let_time_pass();
      default:
        return apply(exchange_->on_server_end(event::StreamEnd::finished));
    }
  }

  // Once for what came since the last time, once for nothing.
  void let_time_pass() {
    for (int i = 0; i < 2 && !is_over_; ++i) apply(exchange_->on_timer());
  }

  void apply(ExchangeProgress next) {
    progress = next;
    is_over_ = next != ExchangeProgress::live;
  }

  event::Loop& loop_;
  const ResponseScene scene_;
  Unheard unheard_;
  event::Timer timer_{unheard_};
  http::RequestParser parser_{http::ParserLimits{}};
  SessionRecord record_;
  std::string write_buffer_;
  std::optional<Upgrade> upgrade_;
  std::optional<Exchange> exchange_;
  std::size_t request_size_ = 0;
  bool is_over_ = false;
};

}  // namespace hawser::proxy::fuzz
