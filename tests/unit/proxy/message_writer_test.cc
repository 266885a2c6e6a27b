#include "proxy/message_writer.h"

#include <string>
#include <string_view>

#include "support/catch.h"
#include "support/fake_stream.h"

using namespace hawser;
using namespace hawser::proxy;
using event::FakeStream;
using event::WriteResult;
using http::BodyKind;

namespace {

// A writer to a fake stream, for a body of some kind.
struct Rig {
  explicit Rig(BodyKind kind) { writer.begin_body(kind); }
  void add(std::string_view text) { writer.add_body(std::as_bytes(std::span(text))); }

  FakeStream sink;
  std::string buffer;
  MessageWriter writer{sink, buffer};
};

}  // namespace

TEST_CASE("a chunked body is written in chunks with their sizes in hexadecimal and a last one") {
  Rig rig(BodyKind::chunked);
  rig.add("hello");
  rig.add(std::string(26, 'x'));
  rig.writer.finish({});
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written() == "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
  CHECK(rig.writer.body_bytes() == 31);
  CHECK(rig.writer.bytes_sent() == rig.sink.written().size());
}

TEST_CASE("an empty piece does not end a chunked body") {
  Rig rig(BodyKind::chunked);
  rig.add("");
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written().empty());
}

TEST_CASE("an empty chunked body is its last chunk") {
  Rig rig(BodyKind::chunked);
  rig.writer.finish({});
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written() == "0\r\n\r\n");
}

TEST_CASE("trailers stand behind the last chunk") {
  Rig rig(BodyKind::chunked);
  rig.add("x");
  http::HeaderList trailers;
  trailers.add("Checksum", "1f");
  rig.writer.finish(trailers);
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written() == "1\r\nx\r\n0\r\nChecksum: 1f\r\n\r\n");
}

TEST_CASE("a body of a length or up to the end goes as it is, without trailers") {
  const auto kind = GENERATE(BodyKind::length, BodyKind::until_close);
  Rig rig(kind);
  rig.add("hello");
  rig.add(" world");
  http::HeaderList trailers;
  trailers.add("Checksum", "1f");
  rig.writer.finish(trailers);
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written() == "hello world");
  CHECK(rig.writer.body_bytes() == 11);
}

TEST_CASE("a head and the small body that came with it are one write") {
  Rig rig(BodyKind::chunked);
  rig.writer.gathered() += "HEAD\r\n\r\n";
  rig.add("hello");
  rig.writer.finish({});
  CHECK(rig.sink.writes() == 0);
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.writes() == 1);
  CHECK(rig.sink.written() == "HEAD\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
}

TEST_CASE("a large piece leaves at once, with what was gathered and its chunk's size and end, in one write") {
  Rig rig(BodyKind::chunked);
  const std::string body(60000, 'x');
  rig.writer.gathered() += "HEAD\r\n\r\n";
  rig.add(body);
  CHECK(rig.sink.writes() == 1);
  CHECK(rig.sink.written() == "HEAD\r\n\r\nea60\r\n" + body + "\r\n");
  CHECK(rig.buffer.empty());
}

TEST_CASE("what was gathered can be forgotten") {
  Rig rig(BodyKind::length);
  rig.writer.gathered() += "HEAD\r\n\r\n";
  rig.writer.discard();
  CHECK(rig.writer.flush() == WriteResult::ok);
  CHECK(rig.sink.written().empty());
  CHECK(rig.writer.bytes_sent() == 0);
}

TEST_CASE("a sink that blocks or broke is told to the caller, also of a large piece") {
  const auto kind = GENERATE(BodyKind::length, BodyKind::chunked);
  const std::string body(GENERATE(1u, 60000u), 'x');
  Rig blocked(kind);
  blocked.sink.block();
  blocked.add(body);
  CHECK(blocked.writer.flush() == WriteResult::blocked);
  Rig broken(kind);
  broken.sink.sever();
  broken.add(body);
  CHECK(broken.writer.flush() == WriteResult::broken);
}

TEST_CASE("a result is told once") {
  Rig rig(BodyKind::length);
  rig.sink.block();
  rig.add("x");
  CHECK(rig.writer.flush() == WriteResult::blocked);
  rig.sink.make_room();
  rig.add("y");
  CHECK(rig.writer.flush() == WriteResult::ok);
}
