// Options of a health check that a test writes field by field; what it leaves out is as the configuration has it.
#pragma once

#include <string>
#include <vector>

#include "config/upstream_config.h"

namespace hawser::upstream {

struct CheckOptions {
  std::string path = "/";
  std::string host = {};
  config::NameValues headers = {};
  std::string method = "GET";
  std::vector<config::StatusRange> expect = {config::StatusRange{}};
  std::string body = {};
  std::string subprotocol = {};
  std::string send = {};
  std::string receive = {};

  [[nodiscard]] config::HealthCheck of_type(config::HealthCheckType type) const {
    config::HealthCheck check;
    check.type = type;
    check.path = path;
    check.host = host;
    check.headers = headers;
    check.method = method;
    check.expect = expect;
    check.body = body;
    check.subprotocol = subprotocol;
    check.send = send;
    check.receive = receive;
    return check;
  }
};

}  // namespace hawser::upstream
