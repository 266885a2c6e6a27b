#include "upstream/connector.h"

#include <utility>

namespace hawser::upstream {

namespace {

bool is_same_pool(const SourcePool* left, const SourcePool* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return *left == *right;
}

}  // namespace

bool operator==(const ConnectTarget& left, const ConnectTarget& right) {
  return left.address == right.address && left.tls == right.tls && left.tls_name == right.tls_name &&
         is_same_pool(left.sources.get(), right.sources.get());
}

ConnectAttempt::ConnectAttempt(event::Loop& loop, tls::TlsScratch& scratch, ConnectTarget target,
                               ServerConnectObserver& observer)
    : loop_(loop), scratch_(scratch), target_(std::move(target)), observer_(observer) {}

ConnectAttempt::~ConnectAttempt() = default;

Result<std::unique_ptr<ConnectAttempt>> ConnectAttempt::start(event::Loop& loop, tls::TlsScratch& scratch,
                                                              ConnectTarget target, std::uint64_t turn,
                                                              ServerConnectObserver& observer) {
  std::unique_ptr<ConnectAttempt> attempt(new ConnectAttempt(loop, scratch, std::move(target), observer));
  if (auto dialled = attempt->dial(turn); !dialled) return std::unexpected(std::move(dialled.error()));
  return attempt;
}

// The kernel looks for a free port while connect(2) runs: that there is none shows here and never later.
Status ConnectAttempt::dial(std::uint64_t turn) {
  const std::size_t sources = target_.sources ? target_.sources->count_for(target_.address) : 0;
  for (std::size_t tried = 0;; ++tried) {
    const auto source = sources > 0 ? target_.sources->address_for(target_.address, turn + tried) : std::nullopt;
    auto stream = event::PlainStream::connect(loop_, target_.address, *this, source ? &*source : nullptr);
    if (stream) {
      plain_ = std::move(*stream);
      return {};
    }
    const bool is_last = tried + 1 >= sources;
    if (is_last || stream.error().code != ErrorCode::no_source_port) return std::unexpected(std::move(stream.error()));
  }
}

void ConnectAttempt::on_connect(Status status) {
  if (!status) {
    plain_->close();
    return observer_.on_server_connect(std::unexpected(std::move(status.error())));
  }
  if (!target_.tls) return observer_.on_server_connect(std::unique_ptr<event::ByteStream>(std::move(plain_)));
  const std::string peer = target_.address.to_string() + ' ' + target_.tls_name;
  tls_ = std::make_unique<tls::TlsStream>(scratch_, target_.tls, target_.tls_name, peer, std::move(plain_));
  tls_->connect(*this);
}

// Whatever spoils a handshake is the server's fault, our distrust of its certificate too: another one may do better.
void ConnectAttempt::on_handshake(Status outcome) {
  if (!outcome) {
    tls_->close();
    outcome.error().side = Side::server;
    outcome.error().retry = Retry::elsewhere;
    return observer_.on_server_connect(std::unexpected(std::move(outcome.error())));
  }
  observer_.on_server_connect(std::unique_ptr<event::ByteStream>(std::move(tls_)));
}

void ConnectAttempt::close() noexcept {
  if (plain_) plain_->close();
  if (tls_) tls_->close();
}

}  // namespace hawser::upstream
