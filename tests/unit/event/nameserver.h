// A nameserver on a port of the kernel's choice, UDP and TCP, that runs on the loop of the test itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "event/fd.h"
#include "event/listening_socket.h"
#include "event/loop.h"
#include "event/poll_handle.h"
#include "event/sockaddr.h"
#include "support/catch.h"
#include "unit/event/dns_message.h"

namespace hawser::event {

struct Reply {
  enum class Way : std::uint8_t { normal, over_tcp_only, cut_short, silent };
  dns::Code code = dns::Code::no_error;
  std::vector<dns::Bytes> records{};
  Way way = Way::normal;
};

class Nameserver final : public PollObserver {
 public:
  explicit Nameserver(Loop& loop) : loop_(loop) {
    // TCP first, whose port the kernel chooses among those free for TCP; it is nearly always free for UDP as well.
    for (int attempt = 0; attempt < 20 && !udp_.is_open(); ++attempt) bind_both();
    REQUIRE(udp_.is_open());
    datagrams_ = std::make_unique<PollHandle>(loop_, udp_.get(), *this);
    REQUIRE(datagrams_->watch(Interest::read).has_value());
    accepting_ = std::make_unique<Accepting>(*this);
  }

  [[nodiscard]] std::string address() const { return tcp_.address.to_string(); }
  // A name nobody described is NXDOMAIN; of one that is, a kind nobody described is empty.
  void answer(const std::string& name, dns::Type type, Reply reply) { replies_[name][type] = std::move(reply); }

  std::vector<std::pair<std::string, dns::Type>> asked;

 private:
  using Way = Reply::Way;
  enum class Transport : std::uint8_t { udp, tcp };

  struct Accepting final : PollObserver {
    explicit Accepting(Nameserver& owner) : server(owner), poll(owner.loop_, owner.tcp_.sockets.front().get(), *this) {
      REQUIRE(poll.watch(Interest::read).has_value());
    }
    void on_ready(Readiness) override {
      Fd socket(::accept4(server.tcp_.sockets.front().get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.is_open()) server.streams_.push_back(std::make_unique<Stream>(server, std::move(socket)));
    }
    Nameserver& server;
    PollHandle poll;
  };

  // A client over TCP, whose messages stand behind two bytes of length each.
  struct Stream final : PollObserver {
    Stream(Nameserver& owner, Fd accepted)
        : server(owner), socket(std::move(accepted)), poll(owner.loop_, socket.get(), *this) {
      REQUIRE(poll.watch(Interest::read).has_value());
    }
    void on_ready(Readiness) override {
      unsigned char bytes[1000];
      const ssize_t count = ::recv(socket.get(), bytes, sizeof bytes, 0);
      if (count <= 0) return poll.close();
      received.insert(received.end(), bytes, bytes + count);
      if (received.size() < 2 || received.size() < 2U + (received[0] * 256U + received[1])) return;
      const dns::Bytes reply = server.reply_to(dns::Bytes(received.begin() + 2, received.end()), Transport::tcp);
      received.clear();
      dns::Bytes framed;
      dns::add_number(framed, static_cast<unsigned>(reply.size()));
      framed.insert(framed.end(), reply.begin(), reply.end());
      CHECK(::send(socket.get(), framed.data(), framed.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(framed.size()));
    }
    Nameserver& server;
    Fd socket;
    PollHandle poll;
    dns::Bytes received;
  };

  void bind_both() {
    tcp_ = open_listening_sockets(SocketAddress::parse("127.0.0.1:0").value(), {}, 1).value();
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const Sockaddr where = to_sockaddr(tcp_.address);
    if (::bind(socket.get(), where.get(), where.size) == 0) udp_ = std::move(socket);
  }

  void on_ready(Readiness) override {
    dns::Bytes query(2000);
    Sockaddr client;
    const ssize_t count = ::recvfrom(udp_.get(), query.data(), query.size(), 0, client.get(), &client.size);
    if (count < 0) return;
    query.resize(static_cast<std::size_t>(count));
    const dns::Bytes reply = reply_to(query, Transport::udp);
    if (!reply.empty()) ::sendto(udp_.get(), reply.data(), reply.size(), 0, client.get(), client.size);
  }

  // Empty for silence.
  dns::Bytes reply_to(const dns::Bytes& query, Transport transport) {
    std::string name;
    std::size_t at = 12;
    for (; query.at(at) != 0; at += query[at] + 1U) {
      if (!name.empty()) name += '.';
      name.append(query.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                  query.begin() + static_cast<std::ptrdiff_t>(at) + 1 + query[at]);
    }
    const auto type = static_cast<dns::Type>(query.at(at + 2));
    asked.emplace_back(name, type);
    const auto known = replies_.find(name);
    Reply reply = known == replies_.end() ? Reply{.code = dns::Code::no_such_name} : known->second[type];
    if (reply.way == Way::silent) return {};
    const unsigned id = query[0] * 256U + query[1];
    const dns::Bytes question(query.begin() + 12, query.begin() + static_cast<std::ptrdiff_t>(at) + 5);
    if (reply.way == Way::over_tcp_only && transport == Transport::udp) {
      return dns::message(id, question, dns::Code::no_error, {}, dns::Truncation::truncated);
    }
    dns::Bytes message = dns::message(id, question, reply.code, reply.records);
    if (reply.way == Way::cut_short) message.resize(message.size() - 3);
    return message;
  }

  Loop& loop_;
  ListeningSockets tcp_;
  Fd udp_;
  std::unique_ptr<PollHandle> datagrams_;
  std::unique_ptr<Accepting> accepting_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::map<std::string, std::map<dns::Type, Reply>> replies_;
};

}  // namespace hawser::event
