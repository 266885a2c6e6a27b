#include "event/ares_resolver.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "event/dns_answer.h"

namespace hawser::event {

namespace {

std::string without_last_dot(const std::string& name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_absence(const Result<AddressAnswer>& answer) { return !answer && answer.error().code == ErrorCode::not_found; }

// What two kinds of record say together. One kind alone is an answer, as some nameservers fail on every AAAA, but it
// tells which kind is missing; without any, a failure outweighs an absence, so that a name is gone only when the
// nameserver says so twice.
Result<AddressAnswer> combine(Result<AddressAnswer> v4, Result<AddressAnswer> v6) {
  if (!v4 && !v6) return is_absence(v4) ? std::move(v6) : std::move(v4);
  if (!v4) {
    if (!is_absence(v4)) v6->missing = Missing::v4;
    return v6;
  }
  if (!v6) {
    if (!is_absence(v6)) v4->missing = Missing::v6;
    return v4;
  }
  v4->addresses.insert(v4->addresses.end(), v6->addresses.begin(), v6->addresses.end());
  std::sort(v4->addresses.begin(), v4->addresses.end());
  v4->ttl = std::min(v4->ttl, v6->ttl);
  return v4;
}

}  // namespace

Result<std::unique_ptr<Resolver>> Resolver::create(Loop& loop, const ResolverOptions& options) {
  auto resolver = std::make_unique<AresResolver>(loop, SearchDomains::of_system());
  if (auto opened = resolver->open(loop, options); !opened) return std::unexpected(std::move(opened.error()));
  return resolver;
}

std::string Resolver::read_system(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Status AresResolver::open(Loop& loop, const ResolverOptions& options) {
  auto channel = AresChannel::create(loop, later_, options);
  if (!channel) return std::unexpected(std::move(channel.error()));
  channel_ = std::move(*channel);
  return {};
}

void AresResolver::look_up_addresses(const std::string& host, OnAddresses done) {
  AddressAnswer known;
  if (const auto address = IpAddress::parse(host)) {
    known.addresses = {*address};
  } else {
    known.addresses = channel_->read_hosts_file(without_last_dot(host));
  }
  if (!known.addresses.empty()) {
    return later_.add([done = std::move(done), known = std::move(known)]() mutable { done(std::move(known)); });
  }
  HostLookUp& look_up = look_ups_.emplace_front();
  look_up.done = std::move(done);
  look_up.names = search_.full_names_of(host);
  std::reverse(look_up.names.begin(), look_up.names.end());
  ask_for_next_name(look_ups_.begin());
}

void AresResolver::ask_for_next_name(LookUp look_up) {
  const std::string name = std::move(look_up->names.back());
  look_up->names.pop_back();
  look_up->first.reset();
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    channel_->ask(name, type, [this, look_up, type](const auto& message) { on_message(look_up, type, message); });
  }
}

void AresResolver::on_message(LookUp look_up, RecordType type, const Result<AresChannel::Message>& message) {
  Result<AddressAnswer> answer = message ? parse_addresses(*message) : std::unexpected(message.error());
  if (!look_up->first) {
    look_up->first = std::move(answer);
    return;
  }
  Result<AddressAnswer> first = std::move(*look_up->first);
  answer = type == RecordType::aaaa ? combine(std::move(first), std::move(answer))
                                    : combine(std::move(answer), std::move(first));
  if (is_absence(answer) && !look_up->names.empty()) return ask_for_next_name(look_up);
  finish(look_up, std::move(answer));
}

// Last of all, as the call may destroy this object.
void AresResolver::finish(LookUp look_up, Result<AddressAnswer> answer) {
  OnAddresses done = std::move(look_up->done);
  look_ups_.erase(look_up);
  done(std::move(answer));
}

void AresResolver::look_up_services(const std::string& name, OnServices done) {
  channel_->ask(without_last_dot(name), RecordType::srv, [done = std::move(done)](const auto& message) mutable {
    done(message ? parse_services(*message) : std::unexpected(message.error()));
  });
}

}  // namespace hawser::event
