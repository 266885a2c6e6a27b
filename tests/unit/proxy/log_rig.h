// A logger that writes into a file of its own, with what it wrote read back line by line.
#pragma once

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "log/logger.h"
#include "support/temporary_folder.h"

namespace hawser::test {

class LogRig {
 public:
  [[nodiscard]] log::Logger& logger() { return *logger_; }
  [[nodiscard]] std::vector<std::string> lines() {
    logger_->flush();
    std::vector<std::string> lines;
    std::istringstream text(folder_.read("log"));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  // How many of them hold `part`.
  [[nodiscard]] long count(std::string_view part) {
    const auto all = lines();
    return std::ranges::count_if(all, [part](const std::string& line) { return line.find(part) != std::string::npos; });
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<log::Logger> logger_ = log::Logger::open(folder_.file("log"), log::Level::debug).value();
};

}  // namespace hawser::test
