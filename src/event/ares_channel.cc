#include "event/ares_channel.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/socket_address.h"
#include "event/later_calls.h"
#include "event/loop.h"
#include "event/poll_handle.h"
#include "event/sockaddr.h"

namespace hawser::event {

namespace {

// c-ares wants to be told once a process, before any channel is made, and not by two threads at a time.
int initialise_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

ErrorCode code_of(int status) noexcept {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
      return ErrorCode::not_found;
    case ARES_ETIMEOUT:
      return ErrorCode::timed_out;
    case ARES_EBADRESP:
      return ErrorCode::malformed;
    default:
      return ErrorCode::unavailable;
  }
}

// As c-ares reads it, with the port written out.
Result<std::string> nameserver_text(const std::string& nameserver) {
  constexpr std::uint16_t kPort = 53;
  if (const auto address = IpAddress::parse(nameserver)) {
    return SocketAddress(IpEndpoint{*address, kPort}).to_string();
  }
  const auto parsed = SocketAddress::parse(nameserver);
  if (parsed && parsed->ip() != nullptr && parsed->ip()->port != 0) return parsed->to_string();
  return failure(ErrorCode::invalid_config, "'" + nameserver + "' is not the address of a nameserver");
}

void take_addresses(void* taken, int status, int /*timeouts*/, ares_addrinfo* found) {
  if (status != ARES_SUCCESS) return;
  auto& addresses = *static_cast<std::vector<IpAddress>*>(taken);
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    Sockaddr where;
    if (node->ai_addrlen > sizeof where.storage) continue;
    std::memcpy(&where.storage, node->ai_addr, node->ai_addrlen);
    if (const SocketAddress address = from_sockaddr(where); address.ip() != nullptr) {
      addresses.push_back(address.ip()->address);
    }
  }
  ares_freeaddrinfo(found);
}

}  // namespace

struct AresChannel::Question {
  AresChannel* channel;
  std::string name;
  OnMessage done;
};

// Disposable: c-ares may close a socket while this hears of its readiness.
class AresChannel::WatchedSocket final : public Disposable, private PollObserver {
 public:
  WatchedSocket(AresChannel& channel, int fd) : channel_(channel), fd_(fd), poll_(channel.loop_, fd, *this) {}
  // A socket that cannot be watched answers as a silent nameserver would.
  void watch(Interest interest) noexcept { (void)poll_.watch(interest); }
  void close() noexcept { poll_.close(); }

 private:
  void on_ready(Readiness readiness) override {
    channel_.process(is_readable(readiness) ? fd_ : ARES_SOCKET_BAD, is_writable(readiness) ? fd_ : ARES_SOCKET_BAD);
  }

  AresChannel& channel_;
  int fd_;
  PollHandle poll_;
};

AresChannel::AresChannel(Loop& loop, LaterCalls& later) : loop_(loop), later_(later), timeout_(*this) {}

Result<std::unique_ptr<AresChannel>> AresChannel::create(Loop& loop, LaterCalls& later,
                                                         const ResolverOptions& options) {
  std::unique_ptr<AresChannel> created(new AresChannel(loop, later));
  if (auto opened = created->open(options); !opened) return std::unexpected(std::move(opened.error()));
  return created;
}

AresChannel::~AresChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

Status AresChannel::open(const ResolverOptions& options) {
  if (const int status = initialise_library(); status != ARES_SUCCESS) {
    return failure(ErrorCode::system, std::string("cannot use c-ares: ") + ares_strerror(status));
  }
  char hosts_file_only[] = "f";  // of ares_getaddrinfo(); DNS is asked by ares_query(), which says what went wrong
  ares_options wanted{};
  wanted.flags = ARES_FLAG_EDNS | ARES_FLAG_NOALIASES;
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = static_cast<int>(options.tries);
  wanted.lookups = hosts_file_only;
  wanted.sock_state_cb = on_socket_state;
  wanted.sock_state_cb_data = this;
#ifdef ARES_OPT_QUERY_CACHE
  constexpr int kNoCache = ARES_OPT_QUERY_CACHE;  // for no time at all: who asks wants to know how it is now
#else
  constexpr int kNoCache = 0;
#endif
  const int given =
      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | kNoCache;
  if (const int status = ares_init_options(&channel_, &wanted, given); status != ARES_SUCCESS) {
    return failure(ErrorCode::system, std::string("cannot make a resolver: ") + ares_strerror(status));
  }
  return use_nameservers(options.nameservers);
}

Status AresChannel::use_nameservers(const std::vector<std::string>& nameservers) {
  std::string list;
  for (const std::string& nameserver : nameservers) {
    auto text = nameserver_text(nameserver);
    if (!text) return std::unexpected(std::move(text.error()));
    list += (list.empty() ? "" : ",") + *text;
  }
  if (list.empty()) return {};
  const int status = ares_set_servers_ports_csv(channel_, list.c_str());
  if (status == ARES_SUCCESS) return {};
  return failure(ErrorCode::invalid_config, "cannot use the nameservers " + list + ": " + ares_strerror(status));
}

void AresChannel::ask(const std::string& name, RecordType type, OnMessage done) {
  auto question = std::make_unique<Question>(Question{this, name, std::move(done)});
  const char* text = question->name.c_str();
  ares_query(channel_, text, ns_c_in, static_cast<int>(type), on_answer, question.release());
  await_timeout();
}

void AresChannel::on_answer(void* question, int status, int /*timeouts*/, unsigned char* bytes, int size) {
  const std::unique_ptr<Question> answered(static_cast<Question*>(question));
  if (status == ARES_EDESTRUCTION) return;
  Result<Message> message =
      failure(code_of(status), "cannot look up " + answered->name + ": " + ares_strerror(status), Side::server);
  if (status == ARES_SUCCESS) message = Message(bytes, bytes + size);
  answered->channel->later_.add(
      [done = std::move(answered->done), result = std::move(message)]() mutable { done(std::move(result)); });
}

std::vector<IpAddress> AresChannel::read_hosts_file(const std::string& host) const {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  std::vector<IpAddress> addresses;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, take_addresses, &addresses);  // calls before it returns
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

void AresChannel::on_socket_state(void* channel, int fd, int is_reading, int is_writing) {
  static_cast<AresChannel*>(channel)->watch(fd, is_reading, is_writing);
}

// Neither reading nor writing: c-ares closes the socket right after.
void AresChannel::watch(int fd, int is_reading, int is_writing) {
  auto& socket = sockets_[fd];
  if (is_reading == 0 && is_writing == 0) {
    if (socket) {
      socket->close();
      loop_.dispose(std::move(socket));
    }
    sockets_.erase(fd);
    return;
  }
  if (!socket) socket = std::make_unique<WatchedSocket>(*this, fd);
  const unsigned wanted = (is_reading != 0 ? static_cast<unsigned>(Interest::read) : 0U) |
                          (is_writing != 0 ? static_cast<unsigned>(Interest::write) : 0U);
  socket->watch(static_cast<Interest>(wanted));
}

void AresChannel::process(int readable_fd, int writable_fd) {
  ares_process_fd(channel_, readable_fd, writable_fd);
  await_timeout();
}

void AresChannel::await_timeout() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return timeout_.disarm();
  loop_.arm(timeout_, std::chrono::seconds(left.tv_sec) + Duration((left.tv_usec + 999) / 1000));
}

void AresChannel::on_delay(Delay&) { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

}  // namespace hawser::event
