// A WebSocket echo server on gorilla/websocket, with a few plain HTTP answers beside it. Peer of the black-box tests:
// prints "listening ADDRESS" once it accepts.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

var (
	listenAddress = flag.String("listen", "127.0.0.1:0", "host:port or unix:/path")
	certFile      = flag.String("cert", "", "certificate, for TLS")
	keyFile       = flag.String("key", "", "key, for TLS")
	name          = flag.String("name", "echo", "sent as X-Server")
	page          = flag.String("page", "", "file served at /page")
	subprotocol   = flag.String("subprotocol", "", "comma-separated subprotocols this server speaks")
	compression   = flag.Bool("compression", false, "accept permessage-deflate")
)

var (
	floodSent atomic.Int64
	requests  atomic.Int64
	open      atomic.Int64
)

func upgrader() *websocket.Upgrader {
	u := &websocket.Upgrader{
		ReadBufferSize:    16384,
		WriteBufferSize:   16384,
		CheckOrigin:       func(*http.Request) bool { return true },
		EnableCompression: *compression,
	}
	if *subprotocol != "" {
		u.Subprotocols = strings.Split(*subprotocol, ",")
	}
	return u
}

func upgrade(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	c, err := upgrader().Upgrade(w, r, http.Header{"X-Server": []string{*name}})
	if err != nil {
		return nil
	}
	return c
}

func echoOnce(c *websocket.Conn) error {
	kind, reader, err := c.NextReader()
	if err != nil {
		return err
	}
	writer, err := c.NextWriter(kind)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, reader); err != nil {
		return err
	}
	return writer.Close()
}

func echo(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("X-Server", *name)
		fmt.Fprintln(w, *name)
		return
	}
	c := upgrade(w, r)
	if c == nil {
		return
	}
	requests.Add(1)
	open.Add(1)
	defer open.Add(-1)
	defer c.Close()
	for echoOnce(c) == nil {
	}
}

// Sends `bytes` bytes in messages of `size`, as fast as the other side takes them.
func flood(w http.ResponseWriter, r *http.Request) {
	total, _ := strconv.ParseInt(r.URL.Query().Get("bytes"), 10, 64)
	size, _ := strconv.Atoi(r.URL.Query().Get("size"))
	c := upgrade(w, r)
	if c == nil {
		return
	}
	defer c.Close()
	payload := make([]byte, size)
	for sent := int64(0); sent < total; sent += int64(size) {
		if c.WriteMessage(websocket.BinaryMessage, payload) != nil {
			return
		}
		floodSent.Add(int64(size))
	}
}

func state(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"flood_sent": %d, "requests": %d, "open": %d}`, floodSent.Load(), requests.Load(), open.Load())
}

func hashBody(w http.ResponseWriter, r *http.Request) {
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	fmt.Fprintf(w, "%d %s\n", n, hex.EncodeToString(h.Sum(nil)))
}

// Bytes from a seeded generator: with a Content-Length, or chunked when `chunked` is there; their hash goes ahead of them
// in X-Sha256 when `hash` is there.
func body(w http.ResponseWriter, r *http.Request) {
	size, _ := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	if r.URL.Query().Get("hash") != "" {
		h := sha256.New()
		io.CopyN(h, rand.New(rand.NewSource(7)), size)
		w.Header().Set("X-Sha256", hex.EncodeToString(h.Sum(nil)))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if r.URL.Query().Get("chunked") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	io.CopyN(w, rand.New(rand.NewSource(7)), size)
}

func status(w http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(r.URL.Query().Get("code"))
	w.Header().Set("X-Server", *name)
	w.WriteHeader(code)
}

func listen() (net.Listener, error) {
	if strings.HasPrefix(*listenAddress, "unix:") {
		return net.Listen("unix", strings.TrimPrefix(*listenAddress, "unix:"))
	}
	return net.Listen("tcp", *listenAddress)
}

func main() {
	flag.Parse()
	http.HandleFunc("/", echo)
	http.HandleFunc("/flood", flood)
	http.HandleFunc("/state", state)
	http.HandleFunc("/hash", hashBody)
	http.HandleFunc("/body", body)
	http.HandleFunc("/status", status)
	http.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, *page) })
	listener, err := listen()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	os.Stdout.Sync()
	if *certFile != "" {
		log.Fatal(http.ServeTLS(listener, nil, *certFile, *keyFile))
	}
	log.Fatal(http.Serve(listener, nil))
}
