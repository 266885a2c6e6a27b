// Any bytes of a client, in any pieces, with any manner of servers: the servers get exactly the requests that the
// client framed, and the client gets to each of them its own answer.
#include <algorithm>
#include <cstdlib>

#include "fuzz/request_connection.h"

namespace {

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::proxy::fuzz;

constexpr std::size_t kLetters = 16;  // four sizes of pieces, then four framings, times and streams

Manners read_manners(std::string_view letters) {
  Manners manners;
  for (std::size_t i = 0; i < manners.size(); ++i) {
    manners[i] = {.framing = letters[4 + i], .timing = letters[8 + i], .stream = letters[12 + i]};
  }
  return manners;
}

// What the client's bytes mean, read at once by a strict reader.
struct Framed {
  explicit Framed(std::string_view text) {
    RequestReader reader(RequestConnection::kClientLimits, requests);
    reader.feed(text);
    is_malformed = reader.has_failed();
  }
  std::vector<ReadRequest> requests;
  bool is_malformed = false;
};

void check_same_request(const ReadRequest& sent, const ReadRequest& received) {
  const http::RequestHead& from = sent.head;
  const http::RequestHead& to = received.head;
  demand(from.method == to.method && from.target == to.target && from.host == to.host,
         "a request reaches a server as it was framed");
  demand(from.is_websocket_upgrade == to.is_websocket_upgrade,
         "a server is asked to upgrade when the client asked for it");
  demand(from.is_websocket_upgrade || from.body.kind == to.body.kind, "a body is framed as the client framed it");
  demand(sent.body.starts_with(received.body), "a body reaches a server as the client sent it");
  if (!received.is_complete) return;
  demand(sent.is_complete, "a request that the client did not complete is not complete to a server either");
  demand(sent.body == received.body && sent.last_chunk == received.last_chunk,
         "a complete request has all of its body");
}

void check_received(const std::vector<ReadRequest>& sent, const std::vector<ReadRequest>& received) {
  for (std::size_t i = 0; i < received.size(); ++i) {
    const ReadRequest& current = received[i];
    demand(current.number < sent.size(), "a server gets no request that the client did not frame");
    demand(!RequestConnection::refusal(sent[current.number].head), "a refused request reaches no server");
    check_same_request(sent[current.number], current);
    if (i == 0) continue;
    const ReadRequest& last = received[i - 1];
    const bool is_repeated = last.number == current.number && last.was_left_unanswered && may_be_repeated(last.head) &&
                             (i == 1 || received[i - 2].number < last.number);
    demand(is_repeated || last.number < current.number, "requests reach servers once, in their order");
  }
}

// Whether the client's connection must go on behind the answer to a complete request.
bool must_go_on(const ReadRequest& request, const Manner& manner) {
  if (!request.head.keep_alive || !request.is_complete) return false;
  if (RequestConnection::refusal(request.head)) return !request.head.body.has_bytes();
  if (request.body.size() > RequestConnection::kMaxBodySize) return false;
  const bool has_open_end = manner.framing == 'c' || manner.framing == 'u';
  if (has_open_end && request.head.version == http::Version::http_1_0 && request.head.method != "HEAD") return false;
  return std::string_view("lcnux").find(manner.framing) != std::string_view::npos && manner.timing == 'a';
}

// None is left out as long as nothing ends the connection.
void check_none_missing(const std::vector<ReadRequest>& sent, const RequestConnection& run, const Manners& manners) {
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const bool is_in_order = sent[i].is_complete && sent[i].body.size() <= RequestConnection::kMaxBodySize;
    if (is_in_order && !RequestConnection::refusal(sent[i].head)) {
      const auto arrived = [i](const ReadRequest& each) { return each.number == i && each.is_complete; };
      demand(std::ranges::any_of(run.requests, arrived), "every request that was framed reaches a server");
    }
    if (!must_go_on(sent[i], manners[i % manners.size()])) return;
  }
}

// Takes one whole answer to `request` off the text; false when it is not complete.
bool take_answer(std::string_view& text, const http::RequestHead& request, bool was_cut) {
  const auto kind = request.method == "HEAD" ? http::ResponseTo::head_request : http::ResponseTo::other;
  http::ResponseParser parser(response_limits(), kind);
  http::ResponseHead head;
  std::string body;
  for (;;) {
    const auto step = parser.step(std::as_bytes(std::span(text)));
    text.remove_prefix(step.consumed);
    demand(step.event != http::ParseEvent::error, "a client takes what it is answered");
    if (step.event == http::ParseEvent::head) head = parser.take_head();
    body.append(reinterpret_cast<const char*>(step.body.data()), step.body.size());
    const bool is_open = step.event == http::ParseEvent::need_more;
    if (is_open && !parser.finish()) return false;
    if (!is_open && step.event != http::ParseEvent::end) continue;
    if (head.status >= 200) break;
    parser.reset_after_interim();
    head = {};
  }
  const bool is_servers = head.status == 200 && kind == http::ResponseTo::other;
  const bool is_cut = was_cut && text.empty();
  const std::string expected = answer_to(request);
  demand(!is_servers || body == expected || (is_cut && expected.starts_with(body)), "each request gets its own answer");
  demand(head.status < 300 || head.status >= 400, "an answer is the server's or an error");
  return true;
}

void check_answers(const Framed& framed, const RequestConnection& run) {
  std::string_view text = run.client.written();
  for (std::size_t i = 0; !text.empty(); ++i) {
    demand(i < framed.requests.size() + (framed.is_malformed ? 1 : 0), "there are no more answers than requests");
    const http::RequestHead nothing;
    const bool is_complete =
        take_answer(text, i < framed.requests.size() ? framed.requests[i].head : nothing, run.was_cut);
    if (is_complete) continue;
    demand(text.empty(), "nothing stands behind an incomplete answer");
    demand(run.was_cut || run.was_left, "an answer is complete unless it was cut");
  }
}

// What is the same however the bytes were cut.
std::string summary(const RequestConnection& run) {
  std::string text = run.client.written();
  for (const ReadRequest& each : run.requests) {
    if (each.is_complete) text += "\n" + std::to_string(each.number);
  }
  return text;
}

std::string check(event::Loop& loop, const Framed& framed, const Manners& manners, const http::Pieces& pieces) {
  RequestConnection connection(loop, manners);
  connection.run(pieces);
  check_received(framed.requests, connection.requests);
  check_answers(framed, connection);
  if (!std::ranges::all_of(manners, &Manner::is_timeless)) return "";
  check_none_missing(framed.requests, connection, manners);
  return summary(connection);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto loop = event::Loop::create().value();
  const auto script = read_script(data, size, kLetters);
  if (!script) return 0;
  const Framed framed(script->text);
  const Manners manners = read_manners(script->letters);
  const auto whole = check(*loop, framed, manners, {script->text});
  const auto in_pieces = check(*loop, framed, manners, cut(script->text, script->letters.substr(0, 4)));
  demand(whole == in_pieces, "pieces make no difference");
  demand(whole == check(*loop, framed, manners, http::byte_by_byte(script->text)), "single bytes make no difference");
  return 0;
}
