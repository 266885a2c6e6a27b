// The http check: one request, whose answer must have a status that is expected and, if asked for, a text in its body.
// The verdict comes with the head unless a text is looked for; a body need not end.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "upstream/probe_answer.h"
#include "upstream/probe_script.h"
#include "upstream/probe_text.h"

namespace hawser::upstream {

class HttpProbe final : public ProbeScript {
 public:
  HttpProbe(std::shared_ptr<const config::HealthCheck> options, std::string_view server);

  [[nodiscard]] ProbeStep start() override { return {.write = request_}; }
  [[nodiscard]] ProbeStep feed(std::span<const std::byte> bytes) override;
  [[nodiscard]] ProbeStep end(event::StreamEnd end) override;
  [[nodiscard]] std::string_view awaited() const noexcept override;

 private:
  [[nodiscard]] ProbeStep judge_head(const http::ResponseHead& head);
  [[nodiscard]] ProbeStep judge_body(std::span<const std::byte> piece);
  [[nodiscard]] bool is_expected(int status) const;

  std::shared_ptr<const config::HealthCheck> options_;
  std::string request_;
  ProbeAnswer answer_;
  TextSearch search_;
  bool has_head_ = false;
};

}  // namespace hawser::upstream
