// What a process hands to the one that takes its place in a binary upgrade, and the form in which it travels. The two
// may be of different versions: what one does not understand of the other it passes over. Main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/fd.h"
#include "server/handover_channel.h"
#include "tls/ticket_keys.h"

namespace hawser::server {

// Set for the new process: the number of its end of the channel.
inline constexpr const char* kUpgradeChannelVariable = "HAWSER_UPGRADE_CHANNEL";

// Who opened a listening socket: Hawser, which also removes the path of a unix socket, or the service manager.
enum class SocketOrigin : std::uint8_t { own, activated };

struct InheritedSockets {
  std::string key;  // SocketBook's
  SocketOrigin origin = SocketOrigin::own;
  std::vector<event::Fd> sockets;  // never empty
};

// With which the TLS sessions of a listener are resumed.
struct ListenerTicketKeys {
  std::string listener;
  tls::TicketKeys keys;
};

struct InheritedPidFile {
  std::string path;
  event::Fd locked;
};

struct Inheritance {
  HandoverChannel channel;
  event::Fd error_output;  // the standard error to be used once ready: until then it goes to the old process
  std::optional<InheritedPidFile> pid_file;
  std::vector<InheritedSockets> sockets;
  std::vector<ListenerTicketKeys> ticket_keys;
  std::vector<HandoverChannel> elders;  // to the processes before the one that `channel` leads to
};

// The same as the old process has it, which keeps everything.
struct Bequest {
  struct Sockets {
    std::string_view key;
    SocketOrigin origin = SocketOrigin::own;
    std::vector<int> descriptors;
  };
  int error_output = -1;
  std::string_view pid_file;  // empty: none
  int pid_file_descriptor = -1;
  std::vector<Sockets> sockets;
  std::vector<ListenerTicketKeys> ticket_keys;
  std::vector<int> elders;
};

// Never blocks. The error: more than the channel holds.
[[nodiscard]] Status send_bequest(const HandoverChannel& channel, const Bequest& bequest);
// In the new process, whose end has the number `channel_number` (text of the variable). Waits for what the old one sent
// before it started this one.
[[nodiscard]] Result<Inheritance> receive_inheritance(std::string_view channel_number);

// What is said once both run. `ready` goes to the old process, the others to the old one from the new one but for
// `go_on`.
enum class Word : std::uint8_t {
  ready,        // the new process accepts; with the keys of the sockets it took
  go_on,        // the old process has told the service manager: the new one is the main process now
  reopen_logs,  // passed on, as are the next two
  drain,
  end_sessions,
};
struct Statement {
  Word word = Word::ready;
  std::vector<std::string> keys;
};
[[nodiscard]] std::string to_text(Word word, std::span<const std::string> keys = {});
// Nothing for what this version does not know.
[[nodiscard]] std::optional<Statement> parse_statement(std::string_view text);

}  // namespace hawser::server
