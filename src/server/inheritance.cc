#include "server/inheritance.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/number.h"

namespace hawser::server {

namespace {

using Message = HandoverChannel::Message;

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

Status send_sockets(const HandoverChannel& channel, const Bequest::Sockets& sockets) {
  std::string text = "listener ";
  text += name_of(sockets.origin);
  text += ' ';
  text += sockets.key;
  std::span<const int> rest = sockets.descriptors;
  while (!rest.empty()) {
    const std::span<const int> part = rest.first(std::min(rest.size(), HandoverChannel::kMaxDescriptors));
    if (auto sent = channel.send(text, part); !sent) return sent;
    rest = rest.subspan(part.size());
  }
  return {};
}

void add_sockets(Inheritance& inheritance, std::string_view rest, Message message) {
  const SocketOrigin origin =
      take_word(rest) == name_of(SocketOrigin::activated) ? SocketOrigin::activated : SocketOrigin::own;
  const auto known = std::find_if(inheritance.sockets.begin(), inheritance.sockets.end(),
                                  [rest](const InheritedSockets& sockets) { return sockets.key == rest; });
  if (known == inheritance.sockets.end()) {
    inheritance.sockets.push_back({std::string(rest), origin, std::move(message.descriptors)});
    return;
  }
  for (event::Fd& socket : message.descriptors) known->sockets.push_back(std::move(socket));
}

void add_ticket_keys(Inheritance& inheritance, std::string_view rest) {
  auto keys = tls::TicketKeys::from_bytes(rest.substr(0, tls::TicketKeys::kSize));
  if (!keys) return;
  inheritance.ticket_keys.push_back({std::string(rest.substr(tls::TicketKeys::kSize)), *keys});
}

void add(Inheritance& inheritance, Message message) {
  const std::string text = std::move(message.text);
  std::string_view rest = text;
  const std::string_view verb = take_word(rest);
  if (verb == "ticket_keys") add_ticket_keys(inheritance, rest);
  if (message.descriptors.empty()) return;
  if (verb == "listener") {
    add_sockets(inheritance, rest, std::move(message));
  } else if (verb == "pid_file") {
    inheritance.pid_file.emplace(std::string(rest), std::move(message.descriptors.front()));
  } else if (verb == "error_output") {
    inheritance.error_output = std::move(message.descriptors.front());
  } else if (verb == "elder") {
    inheritance.elders.emplace_back(std::move(message.descriptors.front()));
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

}  // namespace

Status send_bequest(const HandoverChannel& channel, const Bequest& bequest) {
  if (auto sent = channel.send(kGreeting); !sent) return sent;
  if (auto sent = channel.send("error_output", std::span(&bequest.error_output, 1)); !sent) return sent;
  if (!bequest.pid_file.empty()) {
    const std::string text = "pid_file " + std::string(bequest.pid_file);
    if (auto sent = channel.send(text, std::span(&bequest.pid_file_descriptor, 1)); !sent) return sent;
  }
  for (const Bequest::Sockets& sockets : bequest.sockets) {
    if (auto sent = send_sockets(channel, sockets); !sent) return sent;
  }
  for (const ListenerTicketKeys& entry : bequest.ticket_keys) {
    if (auto sent = channel.send("ticket_keys " + std::string(entry.keys.bytes()) + entry.listener); !sent) return sent;
  }
  for (const int& elder : bequest.elders) {
    if (auto sent = channel.send("elder", std::span(&elder, 1)); !sent) return sent;
  }
  return channel.send(kEnd);
}

Result<Inheritance> receive_inheritance(std::string_view channel_number) {
  auto channel = channel_of(channel_number);
  if (!channel) return std::unexpected(std::move(channel.error()));
  Inheritance inheritance;
  inheritance.channel = std::move(*channel);
  bool is_greeted = false;
  while (true) {
    auto message = inheritance.channel.receive_within(kPatience);
    if (!message) return std::unexpected(std::move(message.error()));
    if (!is_greeted && message->text != kGreeting) {
      return failure(ErrorCode::malformed,
                     "the running process hands itself over in a way that this version does not know: '" +
                         message->text.substr(0, 40) + "'");
    }
    is_greeted = true;
    if (message->text == kEnd) return inheritance;
    add(inheritance, std::move(*message));
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
