// The clients of one run and the poller that drives them. Owned by the Scenario, one thread.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "client.h"
#include "options.h"

namespace hawser::bench {

class Fleet {
 public:
  Fleet(const Options& options, ClientObserver& observer);

  // Begins one more connection. An error text when the system refuses; later errors go to the observer.
  [[nodiscard]] std::string launch();

  // Waits for and handles what is ready, at most until `until`; ended clients are destroyed before it returns.
  void turn(Instant until);

  // Sends one message and keeps the poller's interest up to date.
  void send(Client& client, Instant since);

  // From here until take_input() the poller also watches standard input: has_input() tells of a line or its end.
  void watch_input();
  void take_input();
  [[nodiscard]] bool has_input() const noexcept { return has_input_; }

  [[nodiscard]] Client* find(std::uint32_t id);
  [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }

 private:
  struct Member {
    std::unique_ptr<Client> client;
    bool is_watching_writable = true;
  };

  [[nodiscard]] std::unique_ptr<Client> make_client(std::uint32_t id, Stream stream) const;
  void serve(std::uint32_t id, std::uint32_t events);
  void update_interest(Member& member);
  [[nodiscard]] in_addr source_for(std::uint32_t id) const;

  const Options& options_;
  ClientObserver& observer_;
  TlsContext tls_;
  Payload payload_;
  Descriptor poller_;
  std::vector<unsigned char> scratch_;
  std::vector<epoll_event> events_;
  std::unordered_map<std::uint32_t, Member> clients_;
  std::uint32_t next_id_ = 0;
  bool has_input_ = false;
};

}  // namespace hawser::bench
