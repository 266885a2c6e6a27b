// Sends random messages on many sessions and checks that each comes back byte for byte, in order. Writing and reading
// go on at once, messages are cut into fragments and pings go between them. Prints one JSON object.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

var (
	url      = flag.String("url", "", "ws:// or wss:// address")
	sessions = flag.Int("sessions", 1, "sessions at once")
	messages = flag.Int("messages", 5, "messages on each")
	maxSize  = flag.Int("max-size", 4<<20, "largest message")
	seed     = flag.Int64("seed", 1, "of sizes and bytes")
	timeout  = flag.Duration("timeout", 120*time.Second, "for everything")
)

type totals struct {
	Messages   atomic.Int64
	Bytes      atomic.Int64
	Pongs      atomic.Int64
	Mismatches atomic.Int64
}

// Sizes where the frame header changes its shape, and the extremes.
var edges = []int{0, 1, 125, 126, 127, 65535, 65536}

// What one session sends is a function of its seed: the reader makes the same sizes and bytes again.
type source struct{ random *rand.Rand }

func newSource(session int) *source {
	return &source{rand.New(rand.NewSource(*seed*1000003 + int64(session)))}
}

func (s *source) size() int {
	switch s.random.Intn(4) {
	case 0:
		if edge := edges[s.random.Intn(len(edges))]; edge <= *maxSize {
			return edge
		}
		return *maxSize
	case 1:
		return s.random.Intn(*maxSize + 1)
	}
	return int(math.Exp(s.random.Float64() * math.Log(float64(*maxSize))))
}

func (s *source) message() []byte {
	data := make([]byte, s.size())
	s.random.Read(data)
	return data
}

func dial(session int) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		TLSClientConfig:  &tls.Config{InsecureSkipVerify: true},
		HandshakeTimeout: 20 * time.Second,
		// A message longer than this leaves as fragments of this size.
		WriteBufferSize: []int{256, 1000, 4096, 65536, 5 << 20}[session%5],
	}
	c, _, err := dialer.Dial(*url, nil)
	return c, err
}

func send(c *websocket.Conn, session int, failed chan<- error) {
	source := newSource(session)
	for i := 0; i < *messages; i++ {
		w, err := c.NextWriter(websocket.BinaryMessage)
		if err != nil {
			failed <- err
			return
		}
		data := source.message()
		half := len(data) / 2
		w.Write(data[:half])
		c.WriteControl(websocket.PingMessage, []byte("between fragments"), time.Now().Add(*timeout))
		if _, err := w.Write(data[half:]); err != nil {
			failed <- err
			return
		}
		if err := w.Close(); err != nil {
			failed <- err
			return
		}
	}
	failed <- nil
}

func receive(c *websocket.Conn, session int, t *totals) error {
	source := newSource(session)
	for i := 0; i < *messages; i++ {
		expected := sha256.Sum256(source.message())
		_, r, err := c.NextReader()
		if err != nil {
			return fmt.Errorf("session %d message %d: %w", session, i, err)
		}
		h := sha256.New()
		n, err := io.Copy(h, r)
		if err != nil {
			return fmt.Errorf("session %d message %d: %w", session, i, err)
		}
		t.Bytes.Add(n)
		t.Messages.Add(1)
		if !bytes.Equal(h.Sum(nil), expected[:]) {
			t.Mismatches.Add(1)
		}
	}
	return nil
}

// Ends the session as RFC 6455 asks: our Close, the server's Close.
func finish(c *websocket.Conn) error {
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "done")
	c.WriteControl(websocket.CloseMessage, message, time.Now().Add(5*time.Second))
	_, _, err := c.NextReader()
	if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		return nil
	}
	return fmt.Errorf("close: %v", err)
}

func run(session int, t *totals) error {
	c, err := dial(session)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(*timeout))
	c.SetWriteDeadline(time.Now().Add(*timeout))
	c.SetPongHandler(func(string) error { t.Pongs.Add(1); return nil })
	sent := make(chan error, 1)
	go send(c, session, sent)
	if err := receive(c, session, t); err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	return finish(c)
}

func main() {
	flag.Parse()
	var t totals
	var wait sync.WaitGroup
	var mutex sync.Mutex
	errors := []string{}
	for i := 0; i < *sessions; i++ {
		wait.Add(1)
		go func(session int) {
			defer wait.Done()
			if err := run(session, &t); err != nil {
				mutex.Lock()
				errors = append(errors, err.Error())
				mutex.Unlock()
			}
		}(i)
	}
	wait.Wait()
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"messages": t.Messages.Load(), "bytes": t.Bytes.Load(), "pongs": t.Pongs.Load(),
		"mismatches": t.Mismatches.Load(), "errors": errors,
	})
}
