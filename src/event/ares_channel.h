// One c-ares channel on a loop: sends questions to the nameservers, watches its sockets and time-outs, and reads the
// hosts file. Owned by the resolver; one loop thread. For this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "event/delay.h"
#include "event/resolver.h"

struct ares_channeldata;

namespace hawser::event {

class LaterCalls;
class Loop;

enum class RecordType : std::uint16_t { a = 1, aaaa = 28, srv = 33 };

class AresChannel final : private DelayObserver {
 public:
  using Message = std::vector<unsigned char>;
  using OnMessage = std::move_only_function<void(Result<Message>)>;

  // `later` calls back, and outlives the channel. invalid_config for a nameserver that cannot be understood.
  [[nodiscard]] static Result<std::unique_ptr<AresChannel>> create(Loop& loop, LaterCalls& later,
                                                                   const ResolverOptions& options);
  // Drops every question under way without a call.
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  // Asks for exactly this name. The answer is a message that says NOERROR and has an answer section; errors as those
  // of Resolver.
  void ask(const std::string& name, RecordType type, OnMessage done);
  // What the hosts file says, and for localhost always something; empty for nothing.
  [[nodiscard]] std::vector<IpAddress> read_hosts_file(const std::string& host) const;

 private:
  struct Question;
  class WatchedSocket;

  AresChannel(Loop& loop, LaterCalls& later);
  [[nodiscard]] Status open(const ResolverOptions& options);
  [[nodiscard]] Status use_nameservers(const std::vector<std::string>& nameservers);
  static void on_answer(void* question, int status, int timeouts, unsigned char* bytes, int size);
  static void on_socket_state(void* channel, int fd, int is_reading, int is_writing);
  void watch(int fd, int is_reading, int is_writing);
  void process(int readable_fd, int writable_fd);
  void await_timeout();
  void on_delay(Delay& timeout) override;

  Loop& loop_;
  LaterCalls& later_;
  Delay timeout_;
  ares_channeldata* channel_ = nullptr;
  std::unordered_map<int, std::unique_ptr<WatchedSocket>> sockets_;
};

}  // namespace hawser::event
