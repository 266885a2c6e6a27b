// A server of large bodies, fast enough that it is not what is measured: sends a pattern of any length, and checks that
// what it receives is that pattern. Peer of the black-box tests: prints "listening ADDRESS" once it accepts.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

// The pattern repeats after a prime number of bytes, so that a piece that is lost or doubled shows. Byte n of it is
// (n*n+n/251) modulo 256; twice its length is kept, so that any piece of a period's length is in one piece.
const period = 1048573

var pattern = make([]byte, 2*period)

func fill() {
	for n := range pattern {
		k := n % period
		pattern[n] = byte(k*k + k/251)
	}
}

func download(w http.ResponseWriter, r *http.Request) {
	size, _ := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	if r.URL.Query().Get("chunked") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	for sent := int64(0); sent < size; {
		start := sent % period
		piece := pattern[start : start+min(256*1024, size-sent)]
		if _, err := w.Write(piece); err != nil {
			return
		}
		sent += int64(len(piece))
	}
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func upload(w http.ResponseWriter, r *http.Request) {
	buffer := make([]byte, 256*1024)
	received := int64(0)
	for {
		count, err := r.Body.Read(buffer)
		start := received % period
		if !bytes.Equal(buffer[:count], pattern[start:start+int64(count)]) {
			http.Error(w, fmt.Sprintf("differs after %d", received), 400)
			return
		}
		received += int64(count)
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
	}
	fmt.Fprintf(w, "%d", received)
}

func main() {
	fill()
	http.HandleFunc("/download", download)
	http.HandleFunc("/upload", upload)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	os.Stdout.Sync()
	log.Fatal(http.Serve(listener, nil))
}
