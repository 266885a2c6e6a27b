// A session while a server is asked for a WebSocket, up to the relay.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "http/rewrite.h"
#include "proxy/session.h"

namespace hawser::proxy {

namespace {

// A session that dies sooner than this after its upgrade counts against the server.
constexpr Duration kProbation = std::chrono::seconds(1);

}  // namespace

void Session::begin_upgrade() {
  // A write that fails is told by the server's end, which reading brings.
  std::string head;
  append_request_head(head, http::RequestPurpose::websocket_upgrade);
  (void)server_->write(std::as_bytes(std::span(head)));
  // A server that vanished without a word is not waited for on a connection from before.
  const Duration answer_time = http_->timeouts.response_head;
  worker_.loop().arm(timer_, http_->is_pooled ? std::min(http_->try_timeout, answer_time) : answer_time);
  stage_.emplace<std::unique_ptr<Upgrading>>(
      std::make_unique<Upgrading>(Upgrading{Upgrade(record_->head), http_->is_pooled}));
}

void Session::read_upgrade_answer(std::span<std::byte> bytes) {
  Upgrading& upgrading = *std::get<std::unique_ptr<Upgrading>>(stage_);
  upgrading.is_warm = false;
  std::span<const std::byte> input = bytes;
  UpgradeOutcome outcome = upgrading.upgrade.on_server_bytes(input);
  const std::span<std::byte> rest = bytes.last(input.size());
  if (auto* const accepted = std::get_if<UpgradeAccepted>(&outcome)) return accept_upgrade(accepted->head, rest);
  if (auto* const declined = std::get_if<UpgradeDeclined>(&outcome)) return decline_upgrade(std::move(*declined), rest);
  if (auto* const failed = std::get_if<UpgradeFailed>(&outcome)) {
    leave_upgrade(RetryAt::another_server, 502, failed->reason);
  }
}

void Session::decline_upgrade(UpgradeDeclined declined, std::span<const std::byte> rest) {
  const int status = declined.head.status;
  judge_server(status >= 500 ? upstream::Outcome::failure : upstream::Outcome::success);
  const bool is_server_unwell = status == 502 || status == 503 || status == 504;
  if (is_server_unwell && http_->connect->claim_retry(RetryAt::another_server)) {
    return apply(return_to_connect().retry());
  }
  Exchange& current = emplace_exchange();
  apply(current.resume_with(declined.head, std::move(declined.parser), rest, keep_alive_allowed()));
}

void Session::fail_upgrade() {
  if (std::get<std::unique_ptr<Upgrading>>(stage_)->is_warm) {
    upstream::ServerLease lease = std::move(server_lease_);
    return apply(return_to_connect().connect_anew(std::move(lease)));
  }
  leave_upgrade(RetryAt::any_server, 502, "the server closed the connection before it answered");
}

void Session::leave_upgrade(RetryAt where, int status, std::string_view reason) {
  judge_server(upstream::Outcome::failure);
  server_lease_.release();  // our own place must not make the server look full
  if (http_->connect->claim_retry(where)) return apply(return_to_connect().retry());
  answer(status, reason);
}

void Session::on_upgrade_timeout() {
  Upgrading& upgrading = *std::get<std::unique_ptr<Upgrading>>(stage_);
  if (!upgrading.is_warm) return leave_upgrade(RetryAt::another_server, 504, "the server did not answer in time");
  if (server_->has_unconfirmed_bytes()) return fail_upgrade();
  upgrading.is_warm = false;
  const Duration answer_time = http_->timeouts.response_head;
  worker_.loop().arm(timer_, answer_time - std::min(http_->try_timeout, answer_time));
}

void Session::accept_upgrade(const http::ResponseHead& head, std::span<std::byte> rest) {
  const RecordVariables variables(*record_, worker_.loop().now());
  const http::HeaderEdit edit{http_->route->response_headers, variables};
  const std::string bytes = http::write_response_head(head, {}, http::ConnectionField::upgrade, &edit);
  record_->status = 101;
  record_->upstream_status = 101;
  record_->bytes_sent = bytes.size();
  record_->relay_started = worker_.loop().now();
  record_->subprotocol = head.headers.find("Sec-WebSocket-Protocol").value_or("");
  record_->extensions = head.headers.find("Sec-WebSocket-Extensions").value_or("");
  const auto extensions = record_->extensions.empty() ? websocket::Extensions::none : websocket::Extensions::negotiated;
  if (!worker_.snapshot()->access.log) record_.reset();
  std::vector<std::byte> early = std::move(http_->early_bytes);
  http_.reset();
  if (client_->write(std::as_bytes(std::span(bytes))) == event::WriteResult::blocked) server_->stop_reading();
  stage_.emplace<std::unique_ptr<Relay>>(
      std::make_unique<Relay>(worker_.loop(), timer_, *client_, *server_, extensions));
  if (!server_lease_.is_judged()) worker_.loop().arm(timer_, kProbation);
  client_->start_reading();
  // Frames that came with the heads go first, in order; nothing is held back yet, so they need no headroom.
  if (!rest.empty()) apply(relay()->on_bytes(Peer::server, rest));
  if (!early.empty() && relay() != nullptr) apply(relay()->on_bytes(Peer::client, early));
}

}  // namespace hawser::proxy
