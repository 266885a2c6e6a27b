// What a server learns of the hops before Hawser: everything a trusted one said, nothing that anybody else did.
#include "http/forwarding.h"

#include <string>
#include <string_view>

#include "base/ascii.h"
#include "support/catch.h"
#include "unit/http/sound_head.h"

namespace hawser::http {

namespace {

const ForwardedClient kTrusted = {.address = IpAddress::parse("203.0.113.7"),
                                  .peer = IpAddress::parse("10.0.0.1"),
                                  .scheme = Scheme::http,
                                  .trust = HopTrust::trusted};
const ForwardedClient kUntrusted = {.address = IpAddress::parse("203.0.113.7"),
                                    .peer = IpAddress::parse("203.0.113.7"),
                                    .scheme = Scheme::https,
                                    .trust = HopTrust::untrusted};

std::string sent(const ForwardedClient& client, const std::string& fields) {
  return write_request_head(sound_request("GET / HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n"), client, {});
}

// The values of a name in their order, each in angle brackets.
std::string values(const std::string& head, std::string_view name) {
  std::string found;
  for (std::size_t start = head.find("\r\n") + 2; start < head.size();) {
    const std::size_t end = head.find("\r\n", start);
    const std::string_view line(head.data() + start, end - start);
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      found.append("<").append(line.substr(colon + 2)).append(">");
    }
    start = end + 2;
  }
  return found;
}

}  // namespace

TEST_CASE("an untrusted peer has no say, in any spelling") {
  const auto out = sent(kUntrusted,
                        "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 6.6.6.7\r\nX_Forwarded_For: 6.6.6.6\r\n"
                        "X-Forwarded_For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX_Real-IP: 6.6.6.6\r\n"
                        "X-Forwarded-Proto: ws\r\nX-Forwarded-Host: 6.6.6.6\r\nX-Forwarded-Port: 6666\r\n"
                        "X-Forwarded-Ssl: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nConnection: X-Forwarded-For\r\n");
  CHECK(out.find("6.6.6") == std::string::npos);
  CHECK(out.find("6666") == std::string::npos);
  CHECK(values(out, "X-Forwarded-For") == "<203.0.113.7>");
  CHECK(values(out, "X-Real-IP") == "<203.0.113.7>");
  CHECK(values(out, "X-Forwarded-Proto") == "<https>");
  CHECK(values(out, "X-Forwarded-Host") == "<a.example>");
  CHECK(values(out, "Forwarded") == "<for=203.0.113.7;host=a.example;proto=https>");
}

TEST_CASE("the peer is added to a trusted list") {
  const auto out = sent(kTrusted, "X-Forwarded-For: 203.0.113.7\r\n");
  CHECK(values(out, "X-Forwarded-For") == "<203.0.113.7, 10.0.0.1>");
  CHECK(values(out, "X-Real-IP") == "<203.0.113.7>");
}

TEST_CASE("a trusted peer that says nothing begins the list") {
  const auto out = sent(kTrusted, GENERATE("", "X-Forwarded-For:\r\nForwarded: \r\nX-Forwarded-Proto:\r\n"));
  CHECK(values(out, "X-Forwarded-For") == "<10.0.0.1>");
  CHECK(values(out, "X-Forwarded-Proto") == "<http>");
  CHECK(values(out, "X-Forwarded-Host") == "<a.example>");
  CHECK(values(out, "Forwarded") == "<for=10.0.0.1;host=a.example;proto=http>");
}

TEST_CASE("repeated lists become one, in their order") {
  const auto out = sent(kTrusted,
                        "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-For:\r\n"
                        "x-forwarded-for: 203.0.113.7\r\nForwarded: for=203.0.113.7;proto=https\r\n");
  CHECK(values(out, "X-Forwarded-For") == "<6.6.6.6, 203.0.113.7, 10.0.0.1>");
  CHECK(values(out, "Forwarded") ==
        "<for=6.6.6.6, for=203.0.113.7;proto=https, for=10.0.0.1;host=a.example;proto=http>");
}

TEST_CASE("what a trusted list says is passed on as it is") {
  CHECK(values(sent(kTrusted, "X-Forwarded-For: unknown,, ,1.2.3.4:5\r\n"), "X-Forwarded-For") ==
        "<unknown,, ,1.2.3.4:5, 10.0.0.1>");
  std::string list = "1.2.3.0";
  for (int i = 1; i < 100; ++i) list += ", 1.2.3." + std::to_string(i);
  CHECK(values(sent(kTrusted, "X-Forwarded-For: " + list + "\r\n"), "X-Forwarded-For") == "<" + list + ", 10.0.0.1>");
}

TEST_CASE("a trusted peer's scheme and host are kept") {
  const auto out = sent(kTrusted, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example:444\r\n");
  CHECK(values(out, "X-Forwarded-Proto") == "<https>");
  CHECK(values(out, "X-Forwarded-Host") == "<b.example:444>");
  CHECK(values(sent(kTrusted, "X-Forwarded-Proto: wss\r\n"), "X-Forwarded-Proto") == "<wss>");
  CHECK(values(sent(kTrusted, "X-Forwarded-Host: [2001:db8::1]:80\r\n"), "X-Forwarded-Host") == "<[2001:db8::1]:80>");
}

TEST_CASE("a scheme that makes no sense is replaced") {
  const std::string fields =
      GENERATE("X-Forwarded-Proto: ftp\r\n", "X-Forwarded-Proto: https, http\r\n", "X-Forwarded-Proto: https;x\r\n",
               "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\n", "X_Forwarded_Proto: https\r\n");
  CHECK(values(sent(kTrusted, fields), "X-Forwarded-Proto") == "<http>");
  CHECK(sent(kTrusted, fields).find("X_") == std::string::npos);
}

TEST_CASE("a host that makes no sense is replaced") {
  const std::string fields = GENERATE("X-Forwarded-Host: a b\r\n", "X-Forwarded-Host: b, c\r\n",
                                      "X-Forwarded-Host: u@b\r\n", "X-Forwarded-Host: b:99999\r\n",
                                      "X-Forwarded-Host: b\r\nX-Forwarded-Host: c\r\n", "X-Forwarded_Host: b\r\n");
  CHECK(values(sent(kTrusted, fields), "X-Forwarded-Host") == "<a.example>");
  CHECK(values(sent(kTrusted, fields), "X-Forwarded_Host").empty());
}

TEST_CASE("a trusted peer's other forwarding fields are kept, X-Real-IP is not") {
  const auto out = sent(kTrusted, "X-Forwarded-Port: 444\r\nX_Forwarded_Port: 555\r\nX-Real-IP: 6.6.6.6\r\n");
  CHECK(values(out, "X-Forwarded-Port") == "<444>");
  CHECK(out.find("555") == std::string::npos);
  CHECK(values(out, "X-Real-IP") == "<203.0.113.7>");
}

TEST_CASE("a Forwarded list with an open quote is dropped") {
  const std::string own = "for=10.0.0.1;host=a.example;proto=http";
  const std::string open = GENERATE("for=\"", "for=\"a\\\"", "for=1.2.3.4, by=\"x, for=\"y\"");
  CHECK(values(sent(kTrusted, "Forwarded: " + open + "\r\n"), "Forwarded") == "<" + own + ">");
  const std::string closed = GENERATE("for=\"[2001:db8::1]:4711\"", "for=\"a\\\"b\"", "for=a\\\\");
  CHECK(values(sent(kTrusted, "Forwarded: " + closed + "\r\n"), "Forwarded") == "<" + closed + ", " + own + ">");
}

TEST_CASE("an IPv6 peer is bracketed in Forwarded only") {
  ForwardedClient client = kTrusted;
  client.peer = IpAddress::parse("2001:db8::1");
  const auto out = sent(client, "X-Forwarded-For: 203.0.113.7\r\n");
  CHECK(values(out, "X-Forwarded-For") == "<203.0.113.7, 2001:db8::1>");
  CHECK(values(out, "Forwarded") == "<for=\"[2001:db8::1]\";host=a.example;proto=http>");
}

}  // namespace hawser::http
