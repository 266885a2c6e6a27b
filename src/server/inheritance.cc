#include "server/inheritance.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/number.h"
#include "server/handover_parts.h"

namespace hawser::server {

namespace {

constexpr std::string_view kGreeting = "hawser-handover 1";
constexpr std::string_view kEnd = "end";
constexpr Duration kPatience = std::chrono::seconds(5);

constexpr std::array<std::pair<Word, std::string_view>, 5> kWords{{{Word::ready, "ready"},
                                                                   {Word::go_on, "go_on"},
                                                                   {Word::reopen_logs, "reopen_logs"},
                                                                   {Word::drain, "drain"},
                                                                   {Word::end_sessions, "end_sessions"}}};

std::string_view name_of(SocketOrigin origin) { return origin == SocketOrigin::own ? "own" : "activated"; }

// Takes the first word off `text`.
std::string_view take_word(std::string_view& text) {
  const std::size_t blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  return word;
}

Status add_sockets(HandoverPacker& packer, const Bequest::Sockets& sockets) {
  std::string text = "listener ";
  text += name_of(sockets.origin);
  text += ' ';
  text += sockets.key;
  std::span<const int> rest = sockets.descriptors;
  while (!rest.empty()) {
    const std::span<const int> part = rest.first(std::min(rest.size(), HandoverChannel::kMaxDescriptors));
    if (auto added = packer.add(text, part); !added) return added;
    rest = rest.subspan(part.size());
  }
  return {};
}

void take_sockets(Inheritance& inheritance, std::string_view rest, HandoverPart part) {
  const SocketOrigin origin =
      take_word(rest) == name_of(SocketOrigin::activated) ? SocketOrigin::activated : SocketOrigin::own;
  const auto known = std::find_if(inheritance.sockets.begin(), inheritance.sockets.end(),
                                  [rest](const InheritedSockets& sockets) { return sockets.key == rest; });
  if (known == inheritance.sockets.end()) {
    inheritance.sockets.push_back({std::string(rest), origin, std::move(part.descriptors)});
    return;
  }
  for (event::Fd& socket : part.descriptors) known->sockets.push_back(std::move(socket));
}

void take_ticket_keys(Inheritance& inheritance, std::string_view rest) {
  auto keys = tls::TicketKeys::from_bytes(rest.substr(0, tls::TicketKeys::kSize));
  if (!keys) return;
  inheritance.ticket_keys.push_back({std::string(rest.substr(tls::TicketKeys::kSize)), *keys});
}

void take(Inheritance& inheritance, HandoverPart part) {
  const std::string text = std::move(part.text);
  std::string_view rest = text;
  const std::string_view verb = take_word(rest);
  if (verb == "ticket_keys") take_ticket_keys(inheritance, rest);
  if (part.descriptors.empty()) return;
  if (verb == "listener") {
    take_sockets(inheritance, rest, std::move(part));
  } else if (verb == "pid_file") {
    inheritance.pid_file.emplace(std::string(rest), std::move(part.descriptors.front()));
  } else if (verb == "error_output") {
    inheritance.error_output = std::move(part.descriptors.front());
  } else if (verb == "elder") {
    inheritance.elders.emplace_back(std::move(part.descriptors.front()));
  }
}

Result<HandoverChannel> channel_of(std::string_view number) {
  const auto descriptor = parse_number<int>(number);
  int type = 0;
  socklen_t size = sizeof type;
  const bool is_channel = descriptor && *descriptor > 2 &&
                          ::getsockopt(*descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
  if (!is_channel) {
    return failure(ErrorCode::invalid_argument, std::string(kUpgradeChannelVariable) +
                                                    " is set, but not by a Hawser that upgrades itself; unset it");
  }
  ::fcntl(*descriptor, F_SETFD, FD_CLOEXEC);
  return HandoverChannel(event::Fd(*descriptor));
}

Status await_greeting(const HandoverChannel& channel) {
  auto message = channel.receive_within(kPatience);
  if (!message) return std::unexpected(std::move(message.error()));
  if (message->text == kGreeting) return {};
  return failure(ErrorCode::malformed,
                 "the running process hands itself over in a way that this version does not know: '" +
                     message->text.substr(0, 40) + "'");
}

}  // namespace

Status send_bequest(const HandoverChannel& channel, const Bequest& bequest) {
  if (auto sent = channel.send(kGreeting); !sent) return sent;
  HandoverPacker packer(channel);
  if (auto added = packer.add("error_output", std::span(&bequest.error_output, 1)); !added) return added;
  if (!bequest.pid_file.empty()) {
    const std::string text = "pid_file " + std::string(bequest.pid_file);
    if (auto added = packer.add(text, std::span(&bequest.pid_file_descriptor, 1)); !added) return added;
  }
  for (const Bequest::Sockets& sockets : bequest.sockets) {
    if (auto added = add_sockets(packer, sockets); !added) return added;
  }
  for (const ListenerTicketKeys& entry : bequest.ticket_keys) {
    const std::string text = "ticket_keys " + std::string(entry.keys.bytes()) + entry.listener;
    if (auto added = packer.add(text); !added) return added;
  }
  for (const int& elder : bequest.elders) {
    if (auto added = packer.add("elder", std::span(&elder, 1)); !added) return added;
  }
  if (auto sent = packer.finish(); !sent) return sent;
  return channel.send(kEnd);
}

Result<Inheritance> receive_inheritance(std::string_view channel_number) {
  auto channel = channel_of(channel_number);
  if (!channel) return std::unexpected(std::move(channel.error()));
  Inheritance inheritance;
  inheritance.channel = std::move(*channel);
  if (auto greeted = await_greeting(inheritance.channel); !greeted) return std::unexpected(std::move(greeted.error()));
  while (true) {
    auto message = inheritance.channel.receive_within(kPatience);
    if (!message) return std::unexpected(std::move(message.error()));
    if (message->text == kEnd) return inheritance;
    auto parts = unpack(std::move(*message));
    if (!parts) return std::unexpected(std::move(parts.error()));
    for (HandoverPart& part : *parts) take(inheritance, std::move(part));
  }
}

std::string to_text(Word word, std::span<const std::string> keys) {
  const auto found =
      std::find_if(kWords.begin(), kWords.end(), [word](const auto& entry) { return entry.first == word; });
  std::string text(found->second);
  for (const std::string& key : keys) {
    text += '\n';
    text += key;
  }
  return text;
}

std::optional<Statement> parse_statement(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view name = text.substr(0, end);
  const auto found =
      std::find_if(kWords.begin(), kWords.end(), [name](const auto& entry) { return entry.second == name; });
  if (found == kWords.end()) return std::nullopt;
  Statement statement{found->first, {}};
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  while (!text.empty()) {
    const std::size_t line = text.find('\n');
    statement.keys.emplace_back(text.substr(0, line));
    text = line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
  }
  return statement;
}

}  // namespace hawser::server
