// Visitors that come at a rate of their own, however long each is served: WebSocket sessions that open, echo and close,
// plain requests on connections of their own, and clients that keep their connection as long as the server lets them.
// Bytes are checked, nothing is tried twice, and what goes wrong is counted by its cause. Prints "ready" at once; a line
// "report" on stdin prints the counts as JSON, "stop" lets the last visitors end, prints them and exits.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

var (
	address   = flag.String("address", "", "host:port, or the path of a unix socket")
	upgrades  = flag.Int("upgrades", 0, "sessions a second")
	requests  = flag.Int("requests", 0, "requests a second, each on a connection of its own")
	keepers   = flag.Int("keepers", 0, "clients that keep their connection, with one request every few milliseconds")
	body      = flag.String("body", "echo\n", "what each plain answer must hold")
	closeCode = flag.Int("also-close", 0, "a Close with this code may end a session early")
)

const patience = 20 * time.Second

type totals struct {
	sessions, closedEarly, answers, kept, connections atomic.Int64
	slowest                                           atomic.Int64
	mutex                                             sync.Mutex
	failures                                          map[string]int
	examples                                          []string
	wait                                              sync.WaitGroup
}

func cause(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		websocket.IsCloseError(err, websocket.CloseAbnormalClosure): // no Close frame came
		return "lost"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "late"
	}
	return "wrong"
}

func (t *totals) fail(what string, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.failures[what+" "+cause(err)]++
	if len(t.examples) < 20 {
		t.examples = append(t.examples, time.Now().Format("05.000")+" "+what+": "+err.Error())
	}
}

func (t *totals) served(begun time.Time) {
	took := int64(time.Since(begun))
	for old := t.slowest.Load(); took > old && !t.slowest.CompareAndSwap(old, took); old = t.slowest.Load() {
	}
}

func (t *totals) report() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"sessions": t.sessions.Load(), "closed_early": t.closedEarly.Load(), "answers": t.answers.Load(),
		"kept": t.kept.Load(), "connections": t.connections.Load(), "failures": t.failures, "examples": t.examples,
		"slowest": time.Duration(t.slowest.Load()).Seconds(),
	})
}

func dial() (net.Conn, error) {
	network := "tcp"
	if (*address)[0] == '/' {
		network = "unix"
	}
	c, err := net.DialTimeout(network, *address, patience)
	if err == nil {
		c.SetDeadline(time.Now().Add(patience))
	}
	return c, err
}

func converse(c *websocket.Conn) error {
	c.SetReadDeadline(time.Now().Add(patience))
	text := fmt.Sprintf("%x", rand.Int63())
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		return err
	}
	_, answer, err := c.ReadMessage()
	if err == nil && string(answer) != text {
		return fmt.Errorf("echo differs: %q", answer)
	}
	if err != nil {
		return err
	}
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.WriteMessage(websocket.CloseMessage, message); err != nil {
		return err
	}
	if _, _, err = c.ReadMessage(); websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		return nil
	}
	return err
}

func visit(t *totals) error {
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return dial() },
		ReadBufferSize: 512, WriteBufferSize: 512}
	c, _, err := dialer.Dial("ws://arrivals.test/", nil)
	if err != nil {
		return err
	}
	defer c.Close()
	err = converse(c)
	if *closeCode != 0 && websocket.IsCloseError(err, *closeCode) {
		t.closedEarly.Add(1)
		return nil
	}
	return err
}

// One request; whether the server lets the connection go on.
func exchange(c net.Conn, reader *bufio.Reader, connection string) (bool, error) {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: arrivals.test\r\nConnection: %s\r\n\r\n", connection); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return false, err
	}
	got, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != 200 || string(got) != *body) {
		err = fmt.Errorf("answer differs: %d %q", answer.StatusCode, got)
	}
	return !answer.Close, err
}

func request(*totals) error {
	c, err := dial()
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = exchange(c, bufio.NewReader(c), "close")
	return err
}

// Keeps a connection until the server says that it ends, then takes another.
func keep(stop <-chan struct{}, t *totals) error {
	c, err := dial()
	if err != nil {
		return err
	}
	defer c.Close()
	t.connections.Add(1)
	reader := bufio.NewReader(c)
	for {
		begun := time.Now()
		goesOn, err := exchange(c, reader, "keep-alive")
		if err != nil {
			return err
		}
		t.kept.Add(1)
		t.served(begun)
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(rand.Intn(10)) * time.Millisecond):
		}
		if !goesOn {
			return nil
		}
	}
}

func keepOn(stop <-chan struct{}, t *totals) {
	defer t.wait.Done()
	for {
		select {
		case <-stop:
			return
		default:
		}
		if err := keep(stop, t); err != nil {
			t.fail("keeper", err)
		}
	}
}

// Lets `rate` visitors a second begin, evenly, and makes up for what a busy machine let slip.
func arrive(stop <-chan struct{}, rate int, what string, visit func(*totals) error, count *atomic.Int64, t *totals) {
	defer t.wait.Done()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	begun, started := time.Now(), 0
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		for due := int(time.Since(begun).Seconds() * float64(rate)); started < due; started++ {
			t.wait.Add(1)
			go func() {
				defer t.wait.Done()
				at := time.Now()
				if err := visit(t); err != nil {
					t.fail(what, err)
					return
				}
				count.Add(1)
				t.served(at)
			}()
		}
	}
}

func main() {
	flag.Parse()
	t := &totals{failures: map[string]int{}, examples: []string{}}
	stop := make(chan struct{})
	t.wait.Add(2 + *keepers)
	go arrive(stop, *upgrades, "session", visit, &t.sessions, t)
	go arrive(stop, *requests, "request", request, &t.answers, t)
	for i := 0; i < *keepers; i++ {
		go keepOn(stop, t)
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && lines.Text() != "stop" {
		t.report()
	}
	close(stop)
	t.wait.Wait()
	t.report()
}
