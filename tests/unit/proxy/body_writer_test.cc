#include "proxy/body_writer.h"

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

WriteResult write(BodyWriter& writer, std::string_view text) { return writer.write(std::as_bytes(std::span(text))); }

}  // namespace

TEST_CASE("a chunked body is written in chunks with their sizes in hexadecimal and a last one") {
  FakeStream sink;
  BodyWriter writer(sink, BodyKind::chunked);
  CHECK(write(writer, "hello") == WriteResult::ok);
  CHECK(write(writer, std::string(26, 'x')) == WriteResult::ok);
  writer.finish();
  CHECK(sink.written() == "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
  CHECK(writer.bytes() == 31);
}

TEST_CASE("an empty piece does not end a chunked body") {
  FakeStream sink;
  BodyWriter writer(sink, BodyKind::chunked);
  CHECK(write(writer, "") == WriteResult::ok);
  CHECK(sink.written().empty());
}

TEST_CASE("an empty chunked body is its last chunk") {
  FakeStream sink;
  BodyWriter writer(sink, BodyKind::chunked);
  writer.finish();
  CHECK(sink.written() == "0\r\n\r\n");
}

TEST_CASE("a body of a length or up to the end goes as it is") {
  const auto kind = GENERATE(BodyKind::length, BodyKind::until_close);
  FakeStream sink;
  BodyWriter writer(sink, kind);
  CHECK(write(writer, "hello") == WriteResult::ok);
  CHECK(write(writer, " world") == WriteResult::ok);
  writer.finish();
  CHECK(sink.written() == "hello world");
  CHECK(writer.bytes() == 11);
}

TEST_CASE("a sink that blocks or broke is told to the caller") {
  const auto kind = GENERATE(BodyKind::length, BodyKind::chunked);
  FakeStream blocked;
  blocked.block();
  BodyWriter to_blocked(blocked, kind);
  CHECK(write(to_blocked, "x") == WriteResult::blocked);
  FakeStream broken;
  broken.sever();
  BodyWriter to_broken(broken, kind);
  CHECK(write(to_broken, "x") == WriteResult::broken);
}
