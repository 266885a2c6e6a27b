// Split: which share of a route's requests goes where.
#include "proxy/split.h"

#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "support/catch.h"

using namespace hawser;
using namespace hawser::proxy;

namespace {

constexpr int kPicks = 20'000;

// Gives one text for every name.
class Value final : public VariableSource {
 public:
  explicit Value(std::string text) : text_(std::move(text)) {}
  void append_variable(std::string_view /*name*/, std::string& out) const override { out += text_; }

 private:
  std::string text_;
};

TemplateText key_text() {
  auto key = TemplateText::compile("$key", [](std::string_view) { return true; });
  REQUIRE(key.has_value());
  return *key;
}

Split keyed(std::vector<Split::Share> shares) { return {std::move(shares), key_text()}; }

std::string user(int number) { return "user-" + std::to_string(number); }

bool is_within(int count, double expected, double tolerance) {
  return count > (expected - tolerance) * kPicks && count < (expected + tolerance) * kPicks;
}

}  // namespace

TEST_CASE("requests without a key are divided by chance, as the weights say") {
  const Split split({{"a", 70}, {"b", 25}, {"c", 5}}, {});
  Rng rng(11);
  std::map<std::string, int> seen;
  for (int i = 0; i < kPicks; ++i) ++seen[split.pick(Value(""), rng.next())];
  CHECK(is_within(seen["a"], 0.70, 0.01));
  CHECK(is_within(seen["b"], 0.25, 0.01));
  CHECK(is_within(seen["c"], 0.05, 0.01));
}

TEST_CASE("the ends of the points' line are the first and the last share's") {
  const Split split({{"a", 1}, {"b", 1}}, {});
  constexpr std::uint64_t kMiddle = std::uint64_t{1} << 63U;
  CHECK(split.pick(Value(""), 0) == "a");
  CHECK(split.pick(Value(""), kMiddle - 1) == "a");
  CHECK(split.pick(Value(""), kMiddle) == "b");
  CHECK(split.pick(Value(""), UINT64_MAX) == "b");
}

TEST_CASE("an equal key goes the same way whatever chance says") {
  const Split split = keyed({{"a", 1}, {"b", 1}});
  Rng rng(12);
  for (int number = 0; number < 50; ++number) {
    const Value key(user(number));
    const std::string first = split.pick(key, rng.next());
    for (int again = 0; again < 20; ++again) REQUIRE(split.pick(key, rng.next()) == first);
  }
}

TEST_CASE("a request whose key is empty goes by chance") {
  const Split split = keyed({{"a", 1}, {"b", 1}});
  CHECK(split.pick(Value(""), 0) == "a");
  CHECK(split.pick(Value(""), UINT64_MAX) == "b");
}

TEST_CASE("keys are divided as the weights say") {
  const Split split = keyed({{"stable", 95}, {"canary", 5}});
  int canaries = 0;
  for (int i = 0; i < kPicks; ++i) canaries += split.pick(Value(user(i)), 0) == "canary" ? 1 : 0;
  CHECK(is_within(canaries, 0.05, 0.01));
}

TEST_CASE("from 95 and 5 to 90 and 10 only one key in twenty moves, and only to the share that grew") {
  const Split before = keyed({{"stable", 95}, {"canary", 5}});
  const Split after = keyed({{"stable", 90}, {"canary", 10}});
  int moved = 0;
  for (int i = 0; i < kPicks; ++i) {
    const Value key(user(i));
    if (before.pick(key, 0) == after.pick(key, 0)) continue;
    ++moved;
    REQUIRE(after.pick(key, 0) == "canary");
  }
  CHECK(is_within(moved, 0.05, 0.01));
}

TEST_CASE("a share of weight 0 gets nothing, wherever it stands") {
  const std::size_t place = GENERATE(0u, 1u, 2u);
  std::vector<Split::Share> shares{{"a", 3}, {"b", 3}};
  shares.insert(shares.begin() + static_cast<std::ptrdiff_t>(place), {"none", 0});
  const Split split(shares, {});
  Rng rng(13);
  for (int i = 0; i < 1000; ++i) REQUIRE(split.pick(Value(""), rng.next()) != "none");
  CHECK(split.pick(Value(""), 0) == "a");
  CHECK(split.pick(Value(""), UINT64_MAX) == "b");
}

TEST_CASE("a single upstream gets everything") {
  const Split split = keyed({{"only", 1}});
  CHECK(split.pick(Value("x"), 0) == "only");
  CHECK(split.pick(Value("y"), UINT64_MAX) == "only");
}

TEST_CASE("weights of any size are divided without overflow") {
  const Split split({{"a", 1'000'000'000}, {"b", 3'000'000'000}}, {});
  CHECK(split.pick(Value(""), (std::uint64_t{1} << 62U) - 1) == "a");
  CHECK(split.pick(Value(""), std::uint64_t{1} << 62U) == "b");
}
