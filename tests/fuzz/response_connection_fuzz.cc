// Any bytes of a server, in any pieces, with any end: the client gets at most one answer, the one the server framed, or
// sees that it is not whole; and a server's connection is used again only behind exactly one answer.
#include <algorithm>
#include <cstdlib>

#include "fuzz/request_reader.h"
#include "fuzz/response_connection.h"
#include "fuzz/response_reader.h"

namespace {

using namespace hawser;
using namespace hawser::proxy;
using namespace hawser::proxy::fuzz;

constexpr std::size_t kLetters = 8;  // the request, the end, the client, whether it may go on, four sizes of pieces

// What a client can take that takes all that a server may send, and the fields Hawser adds.
constexpr http::ParserLimits kClientLimits{.max_head_size = 64 * 1024, .max_headers = 256};

bool is_answered(ExchangeProgress progress) {
  return progress == ExchangeProgress::finished || progress == ExchangeProgress::close_after;
}

struct Passage {
  const ResponseScene& scene;
  const ResponseConnection& connection;
  ReadResponse sent;      // by the server, of what was delivered
  ReadResponse received;  // by the client
};

void check_interim(const Passage& passage) {
  const auto& sent = passage.sent.interim;
  const auto& received = passage.received.interim;
  const bool are_passed_on = !passage.scene.is_old_client() && passage.scene.request != 'U';
  if (!are_passed_on) return demand(received.empty(), "no interim answer reaches who does not know it");
  demand(sent == received, "interim answers reach the client, each once");
}

void check_final(const Passage& passage) {
  const ReadResponse& sent = passage.sent;
  const ReadResponse& received = passage.received;
  const ExchangeProgress progress = passage.connection.progress;
  demand(sent.has_final() && received.head.status == sent.head.status, "the answer is the one the server sent");
  demand(sent.body.starts_with(received.body), "a body reaches the client as the server sent it");
  const bool is_whole = received.is_complete || received.ends_at_close;
  if (is_answered(progress)) {
    const bool is_sent_whole = sent.is_complete || (sent.ends_at_close && passage.scene.has_clean_end());
    demand(is_sent_whole, "an answer that the server did not complete is not complete to the client");
    demand(is_whole && received.body == sent.body, "a complete answer has all of its body");
    const bool has_trailers = received.head.body.kind == http::BodyKind::chunked && sent.is_complete;
    demand(!has_trailers || received.last_chunk == sent.last_chunk, "trailers reach the client");
    demand(are_trailers_allowed(received.last_chunk), "no trailers but those that may be passed on");
    const bool goes_on = progress == ExchangeProgress::finished;
    demand(!goes_on || passage.scene.request != 'P', "behind an incomplete request there is no other");
    demand(!goes_on || (received.is_complete && received.head.keep_alive),
           "a client knows that its connection goes on");
    const bool is_told = received.head.keep_alive && passage.scene.request != 'P';
    demand(goes_on || !is_told, "a client knows that its connection ends");
    return;
  }
  demand(progress == ExchangeProgress::cut, "an answer that was begun is completed or cut");
  demand(!received.is_complete, "a client sees that its answer was cut");
  demand(received.ends_at_close == passage.connection.exchange().ends_with_connection(),
         "a session knows when only a reset shows that an answer was cut");
}

void check_reuse(const Passage& passage) {
  if (!passage.connection.exchange().may_reuse_server()) return;
  const ReadResponse& sent = passage.sent;
  demand(is_answered(passage.connection.progress), "only an answered request leaves a connection to the next");
  demand(sent.is_complete && sent.left == 0, "a connection is used again behind exactly one answer");
  demand(sent.head.keep_alive, "a connection that its server closes is not used again");
  demand(passage.scene.request != 'P', "a connection whose request is incomplete is not used again");
}

void check(const Passage& passage) {
  const ResponseConnection& connection = passage.connection;
  const ReadResponse& received = passage.received;
  demand(!received.is_malformed && received.left == 0, "a client takes what it is answered, and that is one answer");
  if (connection.ending != Ending::progressed) {
    return demand(connection.client.written().empty(), "an upgrade's stage says nothing to the client");
  }
  if (connection.progress == ExchangeProgress::gone || passage.scene.client == 'x') return;
  check_interim(passage);
  check_reuse(passage);
  if (connection.progress != ExchangeProgress::failed) return check_final(passage);
  demand(!received.has_final(), "nothing of an answer was sent where Hawser's own takes its place");
  demand(connection.exchange().status() >= 400, "what failed has a status");
}

// What is the same however the bytes were cut.
std::string summary(const Passage& passage) {
  const ResponseConnection& connection = passage.connection;
  const ReadResponse& received = passage.received;
  std::string text = std::to_string(static_cast<int>(connection.ending));
  if (connection.ending != Ending::progressed) return text;
  // How far an answer came that fails in its middle is a matter of time, and whether it was begun.
  if (!is_answered(connection.progress)) return text + " not answered";
  text += " " + std::to_string(static_cast<int>(connection.progress)) + " " + std::to_string(received.head.status);
  text += connection.exchange().may_reuse_server() ? " reused\n" : " left\n";
  for (std::size_t i = 0; i < received.head.headers.size(); ++i) {
    const auto field = received.head.headers.at(i);
    text.append(field.name).append(": ").append(field.value).append("\n");
  }
  return text + received.body + "\n" + received.last_chunk;
}

struct Outcome {
  std::string summary;
  bool has_trailing_bytes = false;
};

Outcome pass(event::Loop& loop, const ResponseScene& scene, std::string_view text, const http::Pieces& pieces) {
  ResponseConnection connection(loop, scene);
  connection.run(pieces);
  const auto kind = scene.kind() == http::ResponseTo::head_request ? scene.kind() : http::ResponseTo::other;
  const Passage passage{scene, connection,
                        read_response(text.substr(0, connection.delivered), response_limits(), scene.kind()),
                        read_response(connection.client.written(), kClientLimits, kind)};
  check(passage);
  return {summary(passage), passage.sent.left > 0};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto loop = event::Loop::create().value();
  const auto script = read_script(data, size, kLetters);
  if (!script) return 0;
  const std::string_view letters = script->letters;
  const ResponseScene scene{.request = letters[0], .end = letters[1], .client = letters[2], .allowed = letters[3]};
  const auto whole = pass(*loop, scene, script->text, {script->text});
  const auto in_pieces = pass(*loop, scene, script->text, cut(script->text, letters.substr(4)));
  const auto in_bytes = pass(*loop, scene, script->text, http::byte_by_byte(script->text));
  if (scene.client == 'x') return 0;  // seen sooner or later
  // What comes with an answer but is not of it casts doubt on it; what comes later meets a connection at rest.
  if (whole.has_trailing_bytes) return 0;
  demand(whole.summary == in_pieces.summary, "pieces make no difference");
  demand(whole.summary == in_bytes.summary, "single bytes make no difference");
  return 0;
}
