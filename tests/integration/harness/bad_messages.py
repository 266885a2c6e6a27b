"""What must be refused: request heads with the statuses that may answer them, chunked bodies, and answers of servers."""


def head(*lines, start="GET / HTTP/1.1"):
    return "\r\n".join([start, *lines, "", ""]).encode("latin-1")


HOST = "Host: a.test"

REFUSED = {
    "obs-fold": (head(HOST, "X-A: one", " two"), {400}),
    "obs-fold by tab": (head(HOST, "X-A: one", "\ttwo"), {400}),
    "obs-fold that hides a length": (head(HOST, "X-A: b", " Content-Length: 5") + b"hello", {400}),
    "obs-fold that hides a coding": (head(HOST, "Transfer-Encoding:", " chunked") + b"0\r\n\r\n", {400}),
    "first header line begins with space": (b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", {400}),
    "empty field name": (head(HOST, ": value"), {400}),
    "space before the colon": (head(HOST, "X-A : b"), {400}),
    "no colon": (head(HOST, "nonsense"), {400}),
    "control byte in a name": (head(HOST, "X\x01A: b"), {400}),
    "null in a value": (head(HOST, "X-A: b\x00c"), {400}),
    "control byte in a value": (head(HOST, "X-A: b\x01c"), {400}),
    "block ended by CR LF LF": (b"GET / HTTP/1.1\r\nHost: a\r\n\n", {400}),
    "bare LF after the request line": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", {400}),
    "bare LF after a header": (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", {400}),
    "lone CR in a header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n", {400}),
    "two codings": (head(HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                    + b"0\r\n\r\n", {400}),
    "coding list": (head(HOST, "Transfer-Encoding: gzip, chunked", start="POST / HTTP/1.1") + b"0\r\n\r\n", {400, 501}),
    "chunked twice in a list": (head(HOST, "Transfer-Encoding: chunked, chunked", start="POST / HTTP/1.1")
                                + b"0\r\n\r\n", {400}),
    "empty coding": (head(HOST, "Transfer-Encoding: ", start="POST / HTTP/1.1") + b"0\r\n\r\n", {400}),
    "unknown coding": (head(HOST, "Transfer-Encoding: cow", start="POST / HTTP/1.1") + b"0\r\n\r\n", {501}),
    "coding and length": (head(HOST, "Transfer-Encoding: chunked", "Content-Length: 5", start="POST / HTTP/1.1")
                          + b"0\r\n\r\n", {400}),
    "length and coding": (head(HOST, "Content-Length: 5", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                          + b"0\r\n\r\n", {400}),
    "coding on HTTP/1.0": (head(HOST, "Transfer-Encoding: chunked", start="POST / HTTP/1.0") + b"0\r\n\r\n", {400}),
    "two lengths that differ": (head(HOST, "Content-Length: 1", "Content-Length: 2", start="POST / HTTP/1.1") + b"ab",
                                {400}),
    "two equal lengths": (head(HOST, "Content-Length: 1", "Content-Length: 1", start="POST / HTTP/1.1") + b"a", {400}),
    "length list": (head(HOST, "Content-Length: 1, 1", start="POST / HTTP/1.1") + b"a", {400}),
    "negative length": (head(HOST, "Content-Length: -1", start="POST / HTTP/1.1"), {400}),
    "signed length": (head(HOST, "Content-Length: +1", start="POST / HTTP/1.1") + b"a", {400}),
    "hexadecimal length": (head(HOST, "Content-Length: 0x1", start="POST / HTTP/1.1") + b"a", {400}),
    "empty length": (head(HOST, "Content-Length: ", start="POST / HTTP/1.1"), {400}),
    "length beyond 64 bits": (head(HOST, "Content-Length: 18446744073709551617", start="POST / HTTP/1.1") + b"a", {400}),
    "HTTP/2.0": (head(HOST, start="GET / HTTP/2.0"), {400, 505}),
    "HTTP/1.2": (head(HOST, start="GET / HTTP/1.2"), {400, 505}),
    "HTTP/0.9": (b"GET /\r\n\r\n", {400, 505}),
    "http in lower case": (head(HOST, start="GET / http/1.1"), {400, 505}),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505}),
    "RTSP": (head(HOST, start="DESCRIBE / RTSP/1.0"), {400, 405, 505}),
    "ICE": (head(HOST, start="SOURCE / ICE/1.0"), {400, 405, 505}),
    "no Host": (head("X-A: b"), {400}),
    "two Hosts": (head(HOST, "Host: b.test"), {400}),
    "two equal Hosts": (head(HOST, HOST), {400}),
    "Host with a path": (head("Host: a.test/b"), {400}),
    "Host with userinfo": (head("Host: me@a.test"), {400}),
    "Host with a space": (head("Host: a test"), {400}),
    "Host with a bad port": (head("Host: a.test:http"), {400}),
    "absolute form of another authority": (head(HOST, start="GET http://b.test/ HTTP/1.1"), {400}),
    "two spaces after the method": (head(HOST, start="GET  / HTTP/1.1"), {400}),
    "two spaces after the target": (head(HOST, start="GET /  HTTP/1.1"), {400}),
    "tab for a space": (head(HOST, start="GET\t/ HTTP/1.1"), {400}),
    "GET *": (head(HOST, start="GET * HTTP/1.1"), {400}),
    "fragment": (head(HOST, start="GET /a#b HTTP/1.1"), {400}),
    "userinfo in the target": (head(HOST, start="GET http://me@a.test/ HTTP/1.1"), {400}),
    "target without a slash": (head(HOST, start="GET a HTTP/1.1"), {400}),
    "control byte in the target": (head(HOST, start="GET /\x01 HTTP/1.1"), {400}),
    "delete in the target": (head(HOST, start="GET /\x7f HTTP/1.1"), {400}),
    "percent without digits": (head(HOST, start="GET /%zz HTTP/1.1"), {400}),
    "percent at the end": (head(HOST, start="GET /a%2 HTTP/1.1"), {400}),
    "CONNECT": (head(HOST, start="CONNECT a.test:80 HTTP/1.1"), {400, 405}),
    "TRACE": (head(HOST, start="TRACE / HTTP/1.1"), {405}),
    "unknown method": (head(HOST, start="EAT / HTTP/1.1"), {400, 405, 501}),
    "empty method": (head(HOST, start=" / HTTP/1.1"), {400}),
    "binary garbage": (b"\x00\xff\xfe\x80" * 20 + b"\r\n\r\n", {400}),
    "10,000 headers": (head(HOST, *["X: y"] * 10000), {400, 431}),
    "one long header": (head(HOST, "X-A: " + "b" * 40000), {431}),
    "long target": (head(HOST, start="GET /" + "a" * 40000 + " HTTP/1.1"), {414, 431}),
}

BAD_BODIES = {
    "chunk size not hexadecimal": b"zz\r\nhello\r\n0\r\n\r\n",
    "chunk size negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "chunk size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "no CR LF after a chunk": b"5\r\nhelloXX0\r\n\r\n",
    "bare LF after a chunk size": b"5\nhello\r\n0\r\n\r\n",
    "endless chunk extension": b"5;" + b"a" * 70000 + b"\r\nhello\r\n0\r\n\r\n",
}

BAD_ANSWERS = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length not a number": b"HTTP/1.1 200 OK\r\nContent-Length: one\r\n\r\na",
    "length and coding": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: cow\r\n\r\nmoo",
    "status 99": b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 Odd\r\nContent-Length: 0\r\n\r\n",
    "two spaces before the status": b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
    "control byte": b"HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n",
    "obs-fold": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "not HTTP": b"* OK IMAP4 ready\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
}
