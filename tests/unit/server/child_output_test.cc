#include "server/child_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace hawser::server;

namespace {

// Standard error of this process led into a pipe.
class CapturedError {
 public:
  CapturedError() : before_(::dup(STDERR_FILENO)) {
    REQUIRE(::pipe2(ends_.data(), O_NONBLOCK) == 0);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~CapturedError() {
    ::dup2(before_, STDERR_FILENO);
    for (const int descriptor : {before_, ends_[0], ends_[1]}) ::close(descriptor);
  }
  CapturedError(const CapturedError&) = delete;
  CapturedError& operator=(const CapturedError&) = delete;

  [[nodiscard]] std::string read() const {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(ends_[0], buffer.data(), buffer.size());
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  void fill() const {
    const std::string block(4096, 'x');
    while (::write(ends_[1], block.data(), block.size()) > 0) {
    }
  }

 private:
  std::array<int, 2> ends_{};
  int before_;
};

}  // namespace

TEST_CASE("What a child says is passed on as it comes, and kept by lines") {
  const CapturedError error;
  ChildOutput output;
  output.take("cannot op");
  CHECK(error.read() == "cannot op");
  output.take("en\nsecond");
  CHECK(error.read() == "en\nsecond");
  CHECK(output.last_lines() == std::vector<std::string>{"cannot open"});
  output.finish();
  CHECK(output.last_lines() == std::vector<std::string>{"cannot open", "second"});
}

TEST_CASE("Only so many lines of so many bytes are kept") {
  const CapturedError error;
  ChildOutput output;
  for (std::size_t i = 0; i < ChildOutput::kMaxLines + 5; ++i) output.take(std::to_string(i) + "\n");
  REQUIRE(output.last_lines().size() == ChildOutput::kMaxLines);
  CHECK(output.last_lines().front() == "5");
  output.take(std::string(10 * ChildOutput::kMaxLineLength, 'x') + "\n");
  CHECK(output.last_lines().back().size() == ChildOutput::kMaxLineLength);
}

TEST_CASE("A standard error that is full keeps nobody waiting") {
  const CapturedError error;
  error.fill();
  ChildOutput output;
  output.take("lost, but remembered\n");
  CHECK(output.last_lines() == std::vector<std::string>{"lost, but remembered"});
}
