#include "config/manual_page.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/manual_words.h"
#include "config/mdoc_writer.h"
#include "config/schema.h"
#include "log/access_log.h"
#include "support/catch.h"

namespace hawser::config {

namespace {

namespace fs = std::filesystem;

const fs::path kSource = HAWSER_SOURCE_DIR;
const fs::path kFrame = kSource / "man/hawser.yaml.5.in";

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string example(const std::string& name) { return contents(kSource / "conf" / name); }

const Key& key_at(const std::string& path) {
  for (const ManualKey& entry : manual_keys()) {
    if (entry.path == path) return *entry.key;
  }
  throw std::out_of_range(path);
}

std::vector<std::string> words_behind(const std::string& text, const std::string& mark) {
  std::vector<std::string> words;
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    at += mark.size();
    words.push_back(text.substr(at, text.find_first_of(" \n", at) - at));
  }
  return words;
}

using Facts = std::vector<std::string>;

}  // namespace

// Written anew with HAWSER_WRITE_MANUAL=1 config_test "The manual page in man is made from the table"
TEST_CASE("The manual page in man is made from the table") {
  const std::string page = manual_page(contents(kFrame), example);
  const fs::path file = kSource / "man/hawser.yaml.5";
  if (std::getenv("HAWSER_WRITE_MANUAL") != nullptr) std::ofstream(file, std::ios::binary) << page;
  CHECK(contents(file) == page);
}

TEST_CASE("The manual explains every word that stands for a value") {
  const std::string frame = contents(kFrame);
  for (const ManualKey& entry : manual_keys()) {
    for (const std::string& word : words_behind(mdoc_values(*entry.key), "Ar ")) {
      INFO(entry.path << ": " << word);
      CHECK(frame.find(".It Ar " + word + "\n") != std::string::npos);
    }
  }
}

TEST_CASE("The manual names no variable that does not exist") {
  std::size_t count = 0;
  for (const std::string& word : words_behind(contents(kFrame), " $")) {
    if (word.empty() || word == "$" || word.starts_with('{') || word.starts_with("schema=")) continue;
    INFO(word);
    const bool is_family = word.ends_with('_');
    CHECK(log::is_known_variable(is_family ? word + "x" : word));
    ++count;
  }
  CHECK(count > 40);
}

TEST_CASE("The manual describes every balancing method") {
  const std::string frame = contents(kFrame);
  for (const auto& entry : fs::directory_iterator(kSource / "modules/balancers")) {
    if (!entry.is_directory()) continue;
    INFO(entry.path().string());
    CHECK(frame.find(".It Cm " + entry.path().filename().string() + "\n") != std::string::npos);
  }
}

TEST_CASE("A key is shown with what may stand behind it") {
  CHECK(mdoc_values(key_at("on_term")) == "Cm stop | drain");
  CHECK(mdoc_values(key_at("workers")) == "Cm auto | Ar number");
  CHECK(mdoc_values(key_at("log.target")) == "Cm stderr | syslog | Ar file");
  CHECK(mdoc_values(key_at("listeners[].limits.max_sessions")) == "Ar number | Cm off");
  CHECK(mdoc_values(key_at("upstreams.NAME.servers")) == "No list of Ar address | Ar map");
  CHECK(mdoc_values(key_at("upstreams.NAME.health_check")) == "Cm tcp | http | websocket | Cm off | Ar map");
  CHECK(mdoc_values(key_at("upstreams.NAME.circuit_breaker")) == "Ar number | Cm off | Ar map");
  CHECK(mdoc_values(key_at("trusted_proxies")) == "No list of Ar network");
}

TEST_CASE("What else is to be known of a key follows in sentences") {
  CHECK(facts(key_at("workers")) == Facts{"From `1` to `1024`", "Default: `auto`",
                                          "Fixed at start: a reload warns of a change and keeps what was"});
  CHECK(facts(key_at("shutdown.drain_timeout")) == Facts{"May be `0s`", "Default: `25s`"});
  CHECK(facts(key_at("shutdown.reason")) == Facts{"At most 123 bytes", "Empty by default"});
  CHECK(facts(key_at("listeners[].address")) == Facts{"Required"});
  CHECK(facts(key_at("listeners[].max_head_size")) == Facts{"From `1k` to `16m`", "Default: `32k`"});
  CHECK(facts(key_at("upstreams.NAME.health_check.interval")) == Facts{"At least `100ms`", "Default: `5s`"});
  CHECK(facts(key_at("upstreams.NAME.health_check.path")) ==
        Facts{"Only where `type` is `http` or `websocket`", "Default: `/`"});
  CHECK(facts(key_at("routes[].websocket")) == Facts{"Only with `upstream` or `split`"});
  CHECK(facts(key_at("listeners[].tls.ciphers")).empty());
  CHECK(default_lines(key_at("listeners[].tls.ciphersuites")) ==
        "TLS_AES_128_GCM_SHA256:\nTLS_AES_256_GCM_SHA384:\nTLS_CHACHA20_POLY1305_SHA256");
}

TEST_CASE("What holds among the keys of a section stands before them") {
  CHECK(section_facts(key_at("upstreams.NAME.discover")) == Facts{"Exactly one of `dns`, `srv` and `file` is given"});
  CHECK(section_facts(key_at("upstreams.NAME.resolve")) == Facts{"`min` is at most `max`"});
  CHECK(section_facts(key_at("routes[].redirect")) == Facts{"A single value in place of the map is its `to`"});
  CHECK(section_facts(key_at("log")).empty());
}

TEST_CASE("An example begins with its comment as text, without the line for editors") {
  const auto text = [](const std::string&) {
    return "# yaml-language-server: $schema=x.json\n# One port. Two\n# servers.\nroutes: []  # none\n";
  };
  CHECK(manual_page("a\n@EXAMPLE x\nb\n", text) ==
        "a\nOne port.\nTwo servers.\n.Bd -literal -offset 4n\nroutes: []  # none\n.Ed\nb\n");
}

TEST_CASE("Text is written so that roff takes no part of it for itself") {
  MdocWriter writer;
  writer.sentence("'a\\b' or (`off`), .");
  writer.display(".x\ny");
  CHECK(writer.take() == "\\&'a\\eb' or\n.Cm ( off ) ,\n\\&.\n.Bd -literal -offset 4n\n\\&.x\ny\n.Ed\n");
  CHECK(mdoc_argument("Li") == "\\&Li");
  CHECK(mdoc_argument("a \"b\"") == "\"a \\(dqb\\(dq\"");
}

TEST_CASE("A long sentence is broken at its spaces") {
  MdocWriter writer;
  std::string text = "abcdefg";
  for (int i = 0; i < 20; ++i) text += " abcdefg";
  writer.sentence(text);
  const std::string line = "abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg\n";
  CHECK(writer.take() == line + line + "abcdefg\n");
}

}  // namespace hawser::config
