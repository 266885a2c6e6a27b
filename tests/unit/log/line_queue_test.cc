#include "log/line_queue.h"

#include <string>
#include <thread>
#include <utility>

#include "support/catch.h"

using hawser::log::LineQueue;
using hawser::log::QueuedLine;

namespace {

void add(LineQueue& queue, std::string text) {
  QueuedLine line;
  line.text = std::move(text);
  queue.add(std::move(line));
}

std::string take(LineQueue& queue) {
  const auto line = queue.take();
  return line ? line->text : "closed";
}

}  // namespace

TEST_CASE("Lines leave a queue in the order they came") {
  LineQueue queue;
  add(queue, "first");
  add(queue, "second");
  CHECK(take(queue) == "first");
  CHECK(take(queue) == "second");
  CHECK(queue.overrun_count() == 0);
}

TEST_CASE("A full queue loses its oldest line for each new one, and counts") {
  LineQueue queue;
  for (std::size_t number = 0; number < LineQueue::kCapacity + 3; ++number) add(queue, std::to_string(number));
  CHECK(queue.overrun_count() == 3);
  for (std::size_t number = 3; number < LineQueue::kCapacity + 3; ++number) {
    REQUIRE(take(queue) == std::to_string(number));
  }
}

TEST_CASE("A closed queue gives what is left, then nothing") {
  LineQueue queue;
  add(queue, "left");
  queue.close();
  CHECK(take(queue) == "left");
  CHECK_FALSE(queue.take());
}

TEST_CASE("Who waits for a line is woken by one, and by the end") {
  LineQueue queue;
  std::string heard;
  {
    const std::jthread reader([&] {
      while (const auto line = queue.take()) heard += line->text;
    });
    add(queue, "a");
    add(queue, "b");
    queue.close();
  }
  CHECK(heard == "ab");
}
