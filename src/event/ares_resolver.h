// Resolver on c-ares: the hosts file, then every full name a host may be short for, A and AAAA side by side. For this
// room only.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/ares_channel.h"
#include "event/later_calls.h"
#include "event/resolver.h"
#include "event/search_domains.h"

namespace hawser::event {

class AresResolver final : public Resolver {
 public:
  AresResolver(Loop& loop, SearchDomains search) : search_(std::move(search)), later_(loop) {}
  [[nodiscard]] Status open(Loop& loop, const ResolverOptions& options);

  void look_up_addresses(const std::string& host, OnAddresses done) override;
  void look_up_services(const std::string& name, OnServices done) override;

 private:
  struct HostLookUp {
    std::vector<std::string> names;  // still to be asked for, the next one last
    OnAddresses done;
    std::optional<Result<AddressAnswer>> first;  // of A and AAAA of the name asked for, whichever came first
  };
  using LookUp = std::list<HostLookUp>::iterator;

  void ask_for_next_name(LookUp look_up);
  void on_message(LookUp look_up, RecordType type, const Result<AresChannel::Message>& message);
  void finish(LookUp look_up, Result<AddressAnswer> answer);

  const SearchDomains search_;
  // In this order: the channel drops its questions before what they would answer goes.
  LaterCalls later_;
  std::list<HostLookUp> look_ups_;
  std::unique_ptr<AresChannel> channel_;
};

}  // namespace hawser::event
