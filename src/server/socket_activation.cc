#include "server/socket_activation.h"

#include <unistd.h>

#include <utility>

#include "base/number.h"
#include "event/adopted_socket.h"

namespace hawser::server {

namespace {

// More than any unit file holds: a number beyond it is no number of descriptors.
constexpr int kMostSockets = 4096;

std::unexpected<Error> unreadable(std::string_view variable, std::string_view value, std::string_view why) {
  return failure(ErrorCode::invalid_argument,
                 "socket activation: " + std::string(variable) + " '" + std::string(value) + "' " + std::string(why));
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> split;
  if (names.empty()) return split;
  while (true) {
    const std::size_t colon = names.find(':');
    split.emplace_back(names.substr(0, colon));
    if (colon == std::string_view::npos) return split;
    names.remove_prefix(colon + 1);
  }
}

// Empty where there are no names at all.
Result<std::vector<std::string>> names_of(const ServiceEnvironment& environment, std::size_t count) {
  std::vector<std::string> names = split_names(environment.listen_fdnames);
  if (names.empty()) names.resize(count);
  if (names.size() == count) return names;
  return unreadable("LISTEN_FDNAMES", environment.listen_fdnames,
                    "does not have one name for each of " + environment.listen_fds + " descriptors");
}

Result<ActivatedSocket> take_socket(int descriptor, std::string name) {
  auto adopted = event::adopt_listening_socket(descriptor);
  if (!adopted) {
    return failure(adopted.error().code, "socket activation: " + adopted.error().message +
                                             (name.empty() ? "" : " (" + name + ")") +
                                             "; a socket unit for Hawser has ListenStream= and Accept=no");
  }
  return ActivatedSocket{std::move(adopted->socket), std::move(adopted->address), std::move(name)};
}

class Matching {
 public:
  Matching(const std::vector<SocketPlace>& sockets, const std::vector<SocketPlace>& listeners)
      : sockets_(sockets), listeners_(listeners), listener_of_(sockets.size()), is_taken_(listeners.size()) {}

  // Gives each socket that has none yet the first free listener that `fits`.
  template <class Fits>
  Matching& match(Fits fits) {
    for (std::size_t s = 0; s < sockets_.size(); ++s) {
      for (std::size_t l = 0; l < listeners_.size() && !listener_of_[s]; ++l) {
        if (is_taken_[l] || !fits(sockets_[s], listeners_[l])) continue;
        listener_of_[s] = l;
        is_taken_[l] = true;
      }
    }
    return *this;
  }
  [[nodiscard]] std::vector<std::optional<std::size_t>> take() { return std::move(listener_of_); }

 private:
  const std::vector<SocketPlace>& sockets_;
  const std::vector<SocketPlace>& listeners_;
  std::vector<std::optional<std::size_t>> listener_of_;
  std::vector<bool> is_taken_;
};

}  // namespace

Result<std::vector<ActivatedSocket>> take_activated_sockets(const ServiceEnvironment& environment, int first) {
  std::vector<ActivatedSocket> taken;
  if (environment.listen_pid.empty()) return taken;
  const auto process = parse_number<pid_t>(environment.listen_pid);
  if (!process) return unreadable("LISTEN_PID", environment.listen_pid, "is not the number of a process");
  if (*process != environment.process) return taken;
  const auto count = parse_number<int>(environment.listen_fds);
  if (!count || *count < 1 || *count > kMostSockets) {
    return unreadable("LISTEN_FDS", environment.listen_fds, "is not a number of descriptors");
  }
  auto names = names_of(environment, static_cast<std::size_t>(*count));
  if (!names) return std::unexpected(std::move(names.error()));
  for (int i = 0; i < *count; ++i) {
    auto socket = take_socket(first + i, std::move((*names)[static_cast<std::size_t>(i)]));
    if (!socket) return std::unexpected(std::move(socket.error()));
    taken.push_back(std::move(*socket));
  }
  return taken;
}

std::vector<std::optional<std::size_t>> match_activated_sockets(const std::vector<SocketPlace>& sockets,
                                                                const std::vector<SocketPlace>& listeners) {
  const auto has_name = [](const SocketPlace& socket, const SocketPlace& listener) {
    return !socket.name.empty() && socket.name == listener.name;
  };
  const auto has_address = [](const SocketPlace& socket, const SocketPlace& listener) {
    return socket.address == listener.address;
  };
  const auto has_both = [&](const SocketPlace& socket, const SocketPlace& listener) {
    return has_name(socket, listener) && has_address(socket, listener);
  };
  return Matching(sockets, listeners).match(has_both).match(has_name).match(has_address).take();
}

}  // namespace hawser::server
