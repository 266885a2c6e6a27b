#include "proxy/compile_networks.h"

namespace hawser::proxy {

std::vector<IpNetwork> compile_networks(const std::vector<std::string>& texts, const config::Location& where,
                                        config::Diagnostics& diagnostics) {
  std::vector<IpNetwork> networks;
  networks.reserve(texts.size());
  for (const std::string& text : texts) {
    if (const auto network = IpNetwork::parse(text)) {
      networks.push_back(*network);
    } else {
      diagnostics.push_back({where, network.error().message});
    }
  }
  return networks;
}

}  // namespace hawser::proxy
