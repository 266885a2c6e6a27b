// Opens many sessions and keeps them: each sends a message now and then and expects its echo; beside them new sessions
// are opened, used and closed without pause. Prints "ready" when all are open; a line "report" on stdin prints the
// counts as JSON, "stop" closes everything politely, prints them and exits.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

var (
	url      = flag.String("url", "", "ws:// or wss:// address")
	sessions = flag.Int("sessions", 100, "sessions to keep")
	interval = flag.Duration("interval", time.Second, "between two messages of one session")
	visitors = flag.Int("visitors", 2, "loops that open, use and close a session")
)

type counts struct {
	open, lost, refused, echoes, visits atomic.Int64
	mutex                               sync.Mutex
	errors                              []string
	closes                              map[string]int
}

func (c *counts) fail(what string, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closes[fmt.Sprint(err)]++
	if len(c.errors) < 20 {
		c.errors = append(c.errors, what+": "+err.Error())
	}
}

func (c *counts) report() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"open": c.open.Load(), "lost": c.lost.Load(), "refused": c.refused.Load(), "echoes": c.echoes.Load(),
		"visits": c.visits.Load(), "errors": c.errors, "closes": c.closes,
	})
}

func dial() (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		TLSClientConfig:  &tls.Config{InsecureSkipVerify: true},
		HandshakeTimeout: 10 * time.Second,
		ReadBufferSize:   1024, WriteBufferSize: 1024,
	}
	c, _, err := dialer.Dial(*url, nil)
	return c, err
}

func echo(c *websocket.Conn, text string) error {
	c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		// The reason is the Close frame that waits to be read, not the broken pipe.
		if _, _, readErr := c.ReadMessage(); readErr != nil {
			return readErr
		}
		return err
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, answer, err := c.ReadMessage()
	if err == nil && string(answer) != text {
		err = fmt.Errorf("echo differs: %q", answer)
	}
	return err
}

func polite(c *websocket.Conn) {
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	c.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	c.ReadMessage()
	c.Close()
}

func keep(c *websocket.Conn, n int, stop <-chan struct{}, total *counts) {
	defer total.open.Add(-1)
	first := time.Duration(n) * *interval / time.Duration(*sessions)
	timer := time.NewTimer(first)
	for i := 0; ; i++ {
		select {
		case <-stop:
			polite(c)
			return
		case <-timer.C:
		}
		if err := echo(c, fmt.Sprintf("session %d message %d", n, i)); err != nil {
			total.lost.Add(1)
			total.fail("kept session", err)
			c.Close()
			return
		}
		total.echoes.Add(1)
		timer.Reset(*interval)
	}
}

func visit(stop <-chan struct{}, total *counts) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		c, err := dial()
		if err != nil {
			total.refused.Add(1)
			total.fail("new session", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err := echo(c, "visitor"); err != nil {
			total.refused.Add(1)
			total.fail("new session's echo", err)
		}
		polite(c)
		total.visits.Add(1)
	}
}

// Dials in a few goroutines; a session that cannot be opened at all ends the program.
func openAll(stop <-chan struct{}, total *counts, wait *sync.WaitGroup) {
	var opened sync.WaitGroup
	slots := make(chan struct{}, 32)
	for n := 0; n < *sessions; n++ {
		opened.Add(1)
		slots <- struct{}{}
		go func(n int) {
			defer func() { <-slots; opened.Done() }()
			c, err := dial()
			if err != nil {
				fmt.Println("cannot open:", err)
				os.Exit(1)
			}
			total.open.Add(1)
			wait.Add(1)
			go func() { defer wait.Done(); keep(c, n, stop, total) }()
		}(n)
	}
	opened.Wait()
}

func main() {
	flag.Parse()
	total := &counts{errors: []string{}, closes: map[string]int{}}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	openAll(stop, total, &wait)
	fmt.Println("ready")
	for i := 0; i < *visitors; i++ {
		wait.Add(1)
		go func() { defer wait.Done(); visit(stop, total) }()
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && lines.Text() != "stop" {
		total.report()
	}
	close(stop)
	wait.Wait()
	total.report()
}
