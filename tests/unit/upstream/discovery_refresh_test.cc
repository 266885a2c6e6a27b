#include "unit/upstream/discovery_rig.h"

namespace hawser::upstream::testing {

namespace {

constexpr RefreshLimits kLimits{seconds(1), minutes(5)};
const Question kQuestion = address_question("chat.test");

KnownName answered(Duration ttl, TimePoint at = {}) {
  return {.answer = NameAnswer{.addresses = {ip("10.0.0.1")}, .records = {}, .ttl = ttl}, .failure = {}, .tried = at};
}

KnownName failed(std::uint32_t times) {
  return {.answer = {}, .failure = Error{.message = "no"}, .failures = times, .tried = {}};
}

}  // namespace

TEST_CASE("an answer holds as long as its TTL") {
  CHECK(refresh_delay(answered(seconds(40)), kLimits, 0) == seconds(40));
}

TEST_CASE("a TTL is kept within the limits") {
  CHECK(refresh_delay(answered(seconds(0)), kLimits, 0) == seconds(1));
  CHECK(refresh_delay(answered(std::chrono::hours(5)), kLimits, 0) == minutes(5));
  CHECK(refresh_delay(answered(seconds(1)), {seconds(10), minutes(5)}, 0) == seconds(10));
}

TEST_CASE("pauses double with each failure up to the limit") {
  std::vector<Duration> pauses;
  for (const std::uint32_t times : {1U, 2U, 3U, 9U, 10U, 4000000000U}) {
    pauses.push_back(refresh_delay(failed(times), kLimits, 0));
  }
  CHECK(pauses == std::vector<Duration>{seconds(1), seconds(2), seconds(4), seconds(256), minutes(5), minutes(5)});
}

TEST_CASE("jitter is at most a twentieth and never leaves the limits") {
  CHECK(refresh_delay(answered(seconds(40)), kLimits, 65535) == milliseconds(41999));
  CHECK(refresh_delay(answered(minutes(5)), kLimits, 65535) == minutes(5) - milliseconds(14999));
  CHECK(refresh_delay(answered(minutes(5) - milliseconds(1)), kLimits, 65535) == minutes(5));
  CHECK(refresh_delay(answered(seconds(9)), {seconds(2), seconds(2)}, 65535) == seconds(2));
}

TEST_CASE("a name that was never tried is due at once, and not again while it is asked") {
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, {});
  REQUIRE(plan.next_due());
  CHECK(plan.take_due(TimePoint(seconds(9))) == std::vector{kQuestion});
  CHECK_FALSE(plan.next_due());
  CHECK(plan.take_due(TimePoint(minutes(9))).empty());
}

TEST_CASE("an answered name is due again from its TTL on") {
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, {});
  CHECK(plan.take_due(TimePoint{}).size() == 1);
  plan.answered(kQuestion, answered(seconds(20), TimePoint(seconds(3))));
  const TimePoint due = plan.next_due().value();
  CHECK(due >= TimePoint(seconds(23)));
  CHECK(due <= TimePoint(seconds(24)));
  CHECK(plan.take_due(due - milliseconds(1)).empty());
  CHECK(plan.take_due(due).size() == 1);
}

TEST_CASE("what is known when the plan begins is not asked before its time") {
  KnownNames known;
  known.name(kQuestion) = answered(seconds(20), TimePoint(seconds(3)));
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, known);
  CHECK(plan.next_due() >= TimePoint(seconds(23)));
}

TEST_CASE("other limits move what is planned") {
  KnownNames known;
  known.name(kQuestion) = answered(minutes(4), TimePoint{});
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, known);
  plan.keep({{kQuestion, {seconds(1), seconds(10)}}}, known);
  CHECK(plan.next_due() <= TimePoint(seconds(10)));
}

TEST_CASE("after a restart the questions without an answer are due again") {
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, {});
  CHECK(plan.take_due(TimePoint{}).size() == 1);
  plan.restart();
  CHECK(plan.take_due(TimePoint{}).size() == 1);
}

TEST_CASE("hurried, a name that fails is due at once, one that was answered is not") {
  KnownNames known;
  known.name(kQuestion) = failed(9);
  known.name(address_question("good.test")) = answered(minutes(4));
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}, {address_question("good.test"), kLimits}}, known);
  REQUIRE(plan.take_due(TimePoint(seconds(100))).empty());
  plan.hurry_failing(known);
  CHECK(plan.take_due(TimePoint(seconds(100))) == std::vector{kQuestion});
  plan.hurry_failing(known);
  CHECK(plan.take_due(TimePoint(seconds(100))).empty());
}

TEST_CASE("a name that is kept no longer is never due") {
  RefreshPlan plan{Rng(1)};
  plan.keep({{kQuestion, kLimits}}, {});
  plan.keep({}, {});
  CHECK_FALSE(plan.has(kQuestion));
  CHECK_FALSE(plan.next_due());
}

TEST_CASE("upstreams that share a name share its question, and the smaller limits hold") {
  config::Upstream one = upstream_of("one", {"chat.test:80"});
  config::Upstream two = upstream_of("two", {"CHAT.test:81"});
  one.resolve = {seconds(5), seconds(50)};
  two.resolve = {seconds(2), seconds(90)};
  WantedNames wanted = names_wanted_by(one, {});
  wanted.add(names_wanted_by(two, {}));
  REQUIRE(wanted.questions.size() == 1);
  CHECK(wanted.questions.at(kQuestion).min == seconds(2));
  CHECK(wanted.questions.at(kQuestion).max == seconds(50));
}

TEST_CASE("literal addresses lead to no question") {
  CHECK(names_wanted_by(upstream_of("chat", {"10.0.0.1:80", "[::1]:80", "unix:/x.test:80"}), {}).questions.empty());
}

}  // namespace hawser::upstream::testing
