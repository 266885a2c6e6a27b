// One client connection being served, from its first byte to its last. Alone holds the stage and makes every
// transition, after the stage's call returned. Owns itself through its worker's list until it closes, then dies at the
// end of the loop turn. One loop thread.
//
//   Handshake (TLS only) --> ReadHead
//   ReadHead --head--> Connect --server--> Upgrade --101--> Relay --done--> Closing --flushed--> closed
//      ^  |               |                  |  \--other--> Exchange, or Connect again
//      |  \--refused------+--failed----------+-----------------+
//      |                  v                                    |
//      +--keep-alive-- answered ------------------------------+--close--> Closing
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "event/byte_stream.h"
#include "event/loop.h"
#include "http/own_answer.h"
#include "http/parser.h"
#include "limits/address_counter.h"
#include "proxy/admission.h"
#include "proxy/connect.h"
#include "proxy/exchange.h"
#include "proxy/listener_state.h"
#include "proxy/relay.h"
#include "proxy/session_record.h"
#include "proxy/side_observer.h"
#include "proxy/snapshot.h"
#include "proxy/upgrade.h"
#include "proxy/worker_context.h"
#include "tls/tls_stream.h"

namespace hawser::proxy {

// A client connection as the listener hands it over.
struct ClientConnection {
  std::unique_ptr<event::ByteStream> stream;
  tls::TlsStream* handshake = nullptr;  // the same stream where TLS must be agreed on first, else null
  std::optional<IpEndpoint> peer;       // nothing on a unix socket
  std::shared_ptr<const ListenerOptions> listener;
  ListenerLease lease;
};

class Session final : public event::Disposable,
                      private SideObserver<Session, Peer::client>,
                      private SideObserver<Session, Peer::server>,
                      private tls::HandshakeObserver,
                      private ConnectOutcomeObserver,
                      private event::TimerObserver {
 public:
  // Begins to serve; the session joins the worker's list and leaves it when it closes.
  static void start(WorkerContext& worker, ClientConnection client);
  ~Session() override;

  // Ends now when it stands between two requests.
  void end_if_idle();
  // Ends politely: a relay with this Close code at the next frame boundary, anything else at once.
  void end(websocket::CloseCode code, std::string_view reason);
  // Ends now, dropping what is pending. Idempotent.
  void close();

 private:
  friend class WorkerContext;
  friend class SideObserver<Session, Peer::client>;
  friend class SideObserver<Session, Peer::server>;

  struct Handshake {};
  struct ReadHead {};
  struct Closing {
    std::size_t pending = 0;  // bytes, when looked at last
    TimePoint began{};
    bool is_client_sending = false;  // since the timer was armed
  };
  struct Upgrading {
    Upgrade upgrade;
    bool is_warm = false;  // the connection was opened ahead of need, and nothing came over it yet
  };
  using Stage = std::variant<Handshake, ReadHead, std::unique_ptr<Connect>, std::unique_ptr<Upgrading>,
                             std::unique_ptr<Exchange>, std::unique_ptr<Relay>, Closing>;

  // What is needed only while the client speaks HTTP.
  struct HttpState {
    explicit HttpState(std::shared_ptr<const ListenerOptions> options)
        : parser({.max_head_size = options->max_head_size, .max_headers = 200}), listener(std::move(options)) {}
    http::RequestParser parser;
    std::shared_ptr<const ListenerOptions> listener;
    std::optional<IpEndpoint> peer;
    std::vector<std::byte> early_bytes;  // came before the stage that wants them
    std::span<const std::byte> unread;   // of the read event under way, what nobody took yet
    std::uint64_t request_length = 0;    // bytes of the head being read
    std::shared_ptr<const Route> route;  // of the request under way; null when none was found
    Service service = Service::exchange;
    config::UpstreamTimeouts timeouts;  // of the request under way
    Duration try_timeout{};
    std::optional<IpAddress> counted_address;           // that address_lease_ is of
    std::optional<http::ForwardedText> forwarded_text;  // once there was a request
    std::unique_ptr<Connect> connect;  // of the request under way: knows who was tried, should this server fail
    bool is_head_begun = false;
    bool has_served = false;     // an answer at least
    bool is_repeated = false;    // the request under way was sent to a second server
    bool is_pooled = false;      // its server's connection served others before, and may have died unnoticed
    bool is_within_rate = true;  // of new_sessions_per_second
  };

  Session(WorkerContext& worker, ClientConnection client);

  void count_arrival();
  void on_stream_bytes(Peer side, std::span<std::byte> bytes);
  void on_stream_end(Peer side, event::StreamEnd end);
  void on_client_end(event::StreamEnd end);
  void on_stream_drained(Peer side);
  void on_handshake(Status outcome) override;
  void on_connect_outcome(ConnectOutcome outcome) override;
  void on_timer(event::Timer& timer) override;

  // Reading heads. read_requests() serves pipelined requests in turn and keeps what the stage cannot take yet.
  void begin_read_head(Duration at_most);
  void read_requests(std::span<const std::byte> input);
  void resume_requests();
  void keep_early(std::span<const std::byte> bytes);
  void read_head();
  void begin_record(http::RequestHead&& head);
  void identify_client();
  void count_address(const IpAddress& address);
  void leave_address();
  void begin_request(http::RequestHead&& head);
  void on_head_timeout();

  // Connecting and asking.
  void begin_connect();
  void apply(ConnectOutcome outcome);
  void begin_service(Connected connected);
  void append_request_head(std::string& out, http::RequestPurpose purpose);
  void begin_upgrade();
  void begin_exchange();
  [[nodiscard]] ExchangeProgress start_with_body(Exchange& exchange);
  [[nodiscard]] Exchange& emplace_exchange();
  void read_upgrade_answer(std::span<std::byte> bytes);
  void decline_upgrade(UpgradeDeclined declined, std::span<const std::byte> rest);
  // The server broke off before it answered.
  void fail_upgrade();
  // It failed: another one is asked, or the client is told.
  void leave_upgrade(RetryAt where, int status, std::string_view reason);
  void on_upgrade_timeout();
  // Leaves the server that was asked; the stage that finds another one.
  [[nodiscard]] Connect& return_to_connect();
  void judge_server(upstream::Outcome outcome);
  void judge_exchange(const Exchange& exchange);
  void fail_exchange(Exchange& exchange);
  // Sends a request once more, elsewhere; false when that must not or cannot be.
  [[nodiscard]] bool repeat_exchange(const Exchange& exchange);
  void finish_exchange(const Exchange& exchange, ExchangeProgress progress);
  // For the access log: what the client got so far.
  void note_answer(const Exchange& exchange);
  // The server's connection goes back to the pool, or ends.
  void leave_server(const Exchange& exchange);
  void accept_upgrade(const http::ResponseHead& head, std::span<std::byte> rest);

  // Serving.
  void feed_exchange(std::span<const std::byte> client_bytes);
  void apply(ExchangeProgress progress);
  void apply(RelayProgress progress);

  // Ending.
  void answer(const Refusal& refusal);
  void answer(int status, std::string_view reason);
  void answer(const Reply& reply);
  void send_answer(http::OwnAnswer answer, KeepAlive wanted);
  void finish_request();
  void begin_closing();
  void close_when_flushed();
  void continue_closing();
  void on_closing_timeout();
  [[nodiscard]] std::size_t pending_bytes() const noexcept;
  void abandon();
  void write_access_line();
  void log_end(std::string_view message, std::string_view reason);

  [[nodiscard]] KeepAlive keep_alive_allowed() const noexcept;
  // It ended its direction, and nothing that came before that waits to be read.
  [[nodiscard]] bool has_client_said_all() const noexcept;
  [[nodiscard]] Relay* relay() noexcept;
  [[nodiscard]] Exchange* exchange() noexcept;
  [[nodiscard]] http::ForwardedClient forwarded_client();
  void drop_server() noexcept;

  WorkerContext& worker_;
  Session* previous_ = nullptr;
  Session* next_ = nullptr;
  std::unique_ptr<event::ByteStream> client_;
  std::unique_ptr<event::ByteStream> server_;  // null before Connect succeeded
  ListenerLease listener_lease_;
  limits::AddressLease address_lease_;
  upstream::ServerLease server_lease_;
  event::Timer timer_;
  Stage stage_;
  std::unique_ptr<HttpState> http_;            // null from Relay on
  std::unique_ptr<SessionRecord> record_;      // null in a relay without an access log
  std::shared_ptr<const RouteOptions> route_;  // of the request under way or of the relay; null when none was found
  std::uint64_t id_;
  bool has_client_ended_ = false;
  bool has_server_ended_ = false;
  bool is_closed_ = false;
};

}  // namespace hawser::proxy
